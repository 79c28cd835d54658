// From what an owner sent to what the edge serves, or to the one sentence that says why not and what to do about it.
import { HostingError } from '../../errors/hosting-error.ts'
import type { DomainName } from '../../names/domain-name.ts'
import type { CertificateParts } from '../types.ts'
import { issuerOf, nameOf, orderChain } from './chain.ts'
import { judge } from './judge.ts'
import { readPieces } from './pem.ts'

export interface Upload {
  readonly parts: CertificateParts
  readonly covered: readonly DomainName[]
  readonly notAfter: Date
  readonly issuer: string
  readonly notes: readonly string[]
}

export interface Uploading {
  readonly bytes: Buffer
  /** What sends an upload, without what is sent: `ssh … certs:upload demo`. */
  readonly command: string
  readonly site: string
  /** Of the site. */
  readonly domains: readonly DomainName[]
  readonly now: Date
  /** Whether a chain is served that no browser can follow to a root of its own. */
  readonly privateCa: boolean
}

/** @throws HostingError invalid-certificate */
export function readUpload({ bytes, command, site, domains, now, privateCa }: Uploading): Upload {
  const pieces = readPieces(bytes, command)
  const { leaf, certificates, incomplete, surplus } = orderChain(pieces, command)
  const { covered, notes } = judge({ leaf, chain: certificates, site, domains, now })
  if (incomplete !== undefined && !privateCa)
    throw new HostingError('invalid-certificate', incomplete.why, { hint: incomplete.hint })
  const key = pieces.key.export({ type: 'pkcs8', format: 'pem' })
  return {
    parts: { fullchain: certificates.map(String).join(''), privateKey: String(key), source: 'uploaded' },
    covered,
    notAfter: leaf.validToDate,
    issuer: issuerOf(leaf),
    notes: [
      ...notes,
      ...surplus.map((each) => `The certificate of ${nameOf(each)} is not part of its chain and was left out.`),
    ],
  }
}
