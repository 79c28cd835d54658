// ACME Renewal Information (RFC 9773): the window in which the CA wants a certificate renewed; a past one when it is about to revoke it.
import { z } from 'zod'
import type { RenewalWindow } from '../plan/renewal.ts'
import type { AcmeServer } from './server.ts'

export interface RenewalAdvice {
  /** Undefined: what the CA said is no window, which is to be taken for no answer at all (RFC 9773, 4.2). */
  readonly window: RenewalWindow | undefined
  /** A page that says why it is this window, for whoever runs the server. */
  readonly explanationUrl: string | undefined
  readonly retryAfterMs: number | undefined
}

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const adviceSchema = z.looseObject({
  suggestedWindow: z.looseObject({ start: time, end: time }).refine(({ start, end }) => start < end),
  explanationURL: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional()
    .catch(undefined),
})

/** Undefined where the CA has none. @throws AcmeProblem, AcmeUnreachable */
export async function askRenewalWindow(
  server: AcmeServer,
  ariId: string,
  signal: AbortSignal,
): Promise<RenewalAdvice | undefined> {
  const url = await server.renewalInfoUrl(signal)
  if (url === undefined) return undefined
  const { body, retryAfterMs } = await server.getJson(`${url.replace(/\/$/, '')}/${ariId}`, signal)
  const read = adviceSchema.safeParse(body)
  if (!read.success) return { window: undefined, explanationUrl: undefined, retryAfterMs }
  const { suggestedWindow: window, explanationURL: explanationUrl } = read.data
  return { window, explanationUrl, retryAfterMs }
}
