// A certificate as listings show it, and its trouble in one line.
import type { CertificateStatus, ExpiringCertificate } from '../../certs/types.ts'
import { daysUntil, firstWarningDays, renderEnd } from '../../certs/upload/expiry.ts'
import { shownName } from '../../names/domain-name.ts'

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

/** The date first: what does not fit on a line is cut. */
export function renderCertificate({ source, notAfter }: Pick<CertificateData, 'source' | 'notAfter'>): string {
  return notAfter === null || source === null ? 'none yet' : `until ${notAfter.slice(0, 10)}, ${sources[source]}`
}

/** What is wrong and what helps, or null where all is well. What ACME renews is nobody's business before it fails. */
export function certificateTrouble(status: CertificateStatus, now: Date): string | null {
  const { name, state, certificate, nextTryAt } = status
  if (certificate === undefined) return status.reason === undefined ? null : renderReason(status)
  const end = renderEnd(certificate.notAfter, now)
  const days = daysUntil(certificate.notAfter, now)
  if (state === 'failing')
    return `${renderReason(status)}${days <= firstWarningDays ? ` The one that serves ${end}.` : ''}`
  if (days < 0) return `${name}: its certificate ${end}`
  // One that was given up (certs:remove) is tried to be replaced.
  if (certificate.source !== 'uploaded' || nextTryAt !== undefined || days > firstWarningDays) return null
  return `${name}: its certificate ${end}, ${nobodyRenews}`
}

/** As `certificateTrouble`, for a whole site in one line. */
export function expiryTrouble({ certificate, names, renewal }: ExpiringCertificate, now: Date): string {
  const why = renewal === 'by-hand' ? nobodyRenews : `and it could not be renewed: certs:check ${names[0] ?? ''}`
  return `${names.join(', ')}: its certificate ${renderEnd(certificate.notAfter, now)}, ${why}`
}

const nobodyRenews = 'and nobody renews it: certs:upload a new one, or certs:remove it'

function renderReason({ name, reason = '', record }: CertificateStatus): string {
  const said = aboutName(name, reason)
  return record === undefined ? said : `${said} Set:  ${record}`
}

/** Most sentences name it themselves. */
export function aboutName(name: string, sentence: string): string {
  return sentence.includes(name) ? sentence : `${shownName(name)}: ${sentence}`
}
