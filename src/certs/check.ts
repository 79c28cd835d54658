// What certs:check says: what the doctor finds now, and what became of the last try. What is mended is tried at once; nobody waits for that.
import type { CertificateRow } from '../store/certificates.ts'
import type { WantedName } from '../store/wanted-names.ts'
import type { Background } from './background.ts'
import { isBlocking } from './doctor/doctor.ts'
import type { CertParts } from './parts.ts'
import type { Finding } from './types.ts'
import { renderEnd } from './upload/expiry.ts'

interface CheckParts {
  readonly parts: CertParts
  readonly background: Background
  readonly signal: AbortSignal
}

export async function check(name: string, { parts, background, signal }: CheckParts): Promise<Finding[]> {
  const row = await parts.store.wantedNames.find(name)
  const served = row?.certificate_id == null ? undefined : await parts.store.certificates.find(row.certificate_id)
  if (served?.source === 'local') return [signedHere(name)]
  const examined = await parts.doctor.examine(name, signal)
  const isUploaded = served?.source === 'uploaded'
  const findings = [
    ...(isUploaded ? [uploaded(name, served)] : []),
    ...examined.findings,
    ...(parts.server === undefined && !isUploaded ? [nobodyToAsk] : []),
  ]
  const isMended = !findings.some(isBlocking)
  const told = [...findings, ...lastTry(row, { isMended, findings }), ...expired(name, served, parts)]
  // Its owner has mended it: there is nothing to wait for. No pause gets longer by this, however often it is asked for.
  if (isMended && row !== undefined && isPending(row)) background.tryNow(await failedWith(row, parts))
  return told
}

/** Of what the platform's own CA signs, DNS and the last try say nothing. */
function signedHere(name: string): Finding {
  return { severity: 'ok', sentence: `The CA of this trial run signs for ${name} itself: its DNS does not matter.` }
}

function uploaded(name: string, { not_after }: CertificateRow): Finding {
  const until = not_after.slice(0, 10)
  return { severity: 'ok', sentence: `${name} is served with a certificate that was uploaded, until ${until}.` }
}

const nobodyToAsk: Finding = {
  severity: 'blocking',
  sentence: 'No certificate authority is configured (acme-directory); a certificate can be uploaded (certs:upload).',
}

function isPending({ reason, next_at }: WantedName): boolean {
  return reason !== null && next_at !== null
}

function lastTry(
  row: WantedName | undefined,
  { isMended, findings }: { isMended: boolean; findings: readonly Finding[] },
): Finding[] {
  if (row === undefined || row.reason === null) return []
  const { reason, next_at } = row
  const isSaid = findings.some(({ sentence }) => `${sentence}.`.startsWith(reason))
  const said: Finding[] = isSaid ? [] : [{ severity: 'note', sentence: `The last try failed: ${reason}` }]
  if (next_at === null) return said
  const at = `${next_at.slice(0, 16).replace('T', ' ')} UTC`
  const sentence = isMended ? `It is tried again now, and else at ${at}.` : `It is tried next at ${at}.`
  return [...said, { severity: 'note', sentence }]
}

function expired(name: string, served: CertificateRow | undefined, { clock }: CertParts): Finding[] {
  if (served === undefined || new Date(served.not_after) > clock.now()) return []
  const end = renderEnd(new Date(served.not_after), clock.now())
  return [{ severity: 'note', sentence: `The certificate that ${name} is served with ${end}.` }]
}

/** Those that share its certificate, and failed as it did: what is renewed together stays together. */
async function failedWith(row: WantedName, { store }: CertParts): Promise<WantedName[]> {
  if (row.certificate_id === null || row.apart === 1) return [row]
  return (await store.wantedNames.servedBy(row.certificate_id)).filter((each) => isPending(each) && each.apart === 0)
}
