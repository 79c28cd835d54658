// Whether a certificate that serves is to be renewed now; if not, when to look again. By its age, or by its CA's advice where there is any.
import type { CertificateRow } from '../store/certificates.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { AcmeProblem } from './acme/problem.ts'
import { askRenewalWindow, type RenewalAdvice } from './acme/renewal-info.ts'
import type { CertParts } from './parts.ts'
import { nextWindowQuestionMs, timeInWindow } from './plan/renewal.ts'

/** @returns true: now. Else the names' next look is written down. */
export async function isRenewalDue(
  rows: readonly WantedName[],
  certificate: CertificateRow,
  { signal, ...parts }: CertParts & { signal: AbortSignal },
): Promise<boolean> {
  const now = parts.clock.now()
  const planned = new Date(rows[0]?.renew_at ?? 0)
  if (planned <= now) return true
  const advice = await adviceFor(certificate, { ...parts, signal })
  const renewAt = advice?.window === undefined ? planned : timeInWindow(advice.window, validityOf(certificate))
  if (advice?.explanationUrl !== undefined)
    parts.log.info(
      { names: rows.map(({ name }) => name), renewAt, explanation: advice.explanationUrl },
      'the certificate authority says why certificates are to be renewed at this time',
    )
  if (renewAt <= now) return true
  const nextAt =
    advice === undefined
      ? renewAt
      : earlier(renewAt, new Date(now.getTime() + nextWindowQuestionMs(advice.retryAfterMs)))
  await parts.store.wantedNames.update(
    rows.map(({ name }) => name),
    { renew_at: renewAt.toISOString(), next_at: nextAt.toISOString(), reason: null, record: null, failures: 0 },
  )
  return false
}

/** A CA that is down says nothing about when its certificates end: the plan holds, and it is asked again. Undefined: it never says anything. */
async function adviceFor(
  certificate: CertificateRow,
  { server, log, signal }: CertParts & { signal: AbortSignal },
): Promise<RenewalAdvice | undefined> {
  if (server === undefined || certificate.ari_id === null) return undefined
  return await askRenewalWindow(server, certificate.ari_id, signal).catch((error: unknown) => {
    signal.throwIfAborted()
    log.warn({ err: error }, 'the certificate authority was asked in vain when to renew')
    const retryAfterMs = error instanceof AcmeProblem ? error.retryAfterMs : undefined
    return { window: undefined, explanationUrl: undefined, retryAfterMs }
  })
}

function validityOf({ id, not_before, not_after }: CertificateRow) {
  return { id, notBefore: new Date(not_before), notAfter: new Date(not_after) }
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other
}
