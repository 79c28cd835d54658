// A certificate as listings show it, and its trouble in one line.
import type { CertificateStatus } from '../../certs/types.ts'
import { daysUntil, firstWarningDays } from '../../certs/upload/expiry.ts'

export type CertificateData = ReturnType<typeof certificateData>

export function certificateData({ state, certificate, reason, record, nextTryAt }: CertificateStatus) {
  return {
    state,
    source: certificate?.source ?? null,
    names: certificate?.names ?? [],
    issuer: certificate?.issuer ?? null,
    notBefore: certificate?.notBefore.toISOString() ?? null,
    notAfter: certificate?.notAfter.toISOString() ?? null,
    reason: reason ?? null,
    record: record ?? null,
    nextTryAt: nextTryAt?.toISOString() ?? null,
  }
}

const sources = { acme: 'automatic', uploaded: 'uploaded', local: 'local CA' } as const

export function renderCertificate({ source, notAfter }: Pick<CertificateData, 'source' | 'notAfter'>): string {
  return notAfter === null || source === null ? 'none yet' : `${sources[source]}, until ${notAfter.slice(0, 10)}`
}

/** One sentence, or null where all is well. What ACME renews is nobody's business before it fails. */
export function certificateTrouble({ name, state, certificate, reason }: CertificateStatus, now: Date): string | null {
  if (reason !== undefined && state !== 'serving') return `${name}: ${reason}`
  if (certificate === undefined) return null
  const days = daysUntil(certificate.notAfter, now)
  if (days < 0) return `${name}: its certificate has expired on ${certificate.notAfter.toISOString().slice(0, 10)}`
  if (certificate.source !== 'uploaded' || days > firstWarningDays) return null
  return `${name}: its certificate expires in ${days} day${days === 1 ? '' : 's'}, and nobody renews it: certs:upload a new one, or certs:remove it`
}
