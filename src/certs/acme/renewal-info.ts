// ACME Renewal Information (RFC 9773): the window in which the CA wants a certificate renewed; a past one when it is about to revoke it.
import { z } from 'zod'
import type { RenewalWindow } from '../plan/renewal.ts'
import type { AcmeServer } from './server.ts'

export interface RenewalAdvice {
  readonly window: RenewalWindow
  readonly retryAfterMs: number | undefined
}

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const adviceSchema = z.looseObject({ suggestedWindow: z.looseObject({ start: time, end: time }) })

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
  return read.success ? { window: read.data.suggestedWindow, retryAfterMs } : undefined
}
