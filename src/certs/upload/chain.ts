// A chain in the order in which a server sends it (RFC 8446, 4.4.2): the leaf, which the key belongs to, and each next one its issuer.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Pieces } from './pem.ts'

export interface Chain {
  readonly leaf: X509Certificate
  /** The leaf first; without the root, which visitors have or don't trust anyway. */
  readonly certificates: readonly X509Certificate[]
  /** Why visitors would not trust it, and what to do; undefined when it ends at a root that browsers know. */
  readonly incomplete?: { readonly why: string; readonly hint: string }
  /** What was sent and is not part of it. */
  readonly surplus: readonly X509Certificate[]
}

/** @param command what sends an upload. @throws HostingError invalid-certificate when the key belongs to none of the certificates */
export function orderChain({ certificates, key }: Pieces, command: string): Chain {
  const leaf = leafOf(certificates, key)
  const chain = climb(leaf, certificates)
  const last = chain.at(-1) ?? leaf
  const isRoot = isSelfIssued(last)
  const served = isRoot && chain.length > 1 ? chain.slice(0, -1) : chain
  const incomplete = whyIncomplete(last, command)
  return {
    leaf,
    certificates: served,
    surplus: certificates.filter((each) => !chain.includes(each)),
    ...(incomplete === undefined ? {} : { incomplete }),
  }
}

function leafOf(certificates: readonly X509Certificate[], key: KeyObject): X509Certificate {
  const leaf = certificates.find((each) => each.checkPrivateKey(key))
  if (leaf !== undefined) return leaf
  throw new HostingError('invalid-certificate', 'The private key does not belong to any of the certificates', {
    details: certificates.map((each) => `  certificate of ${nameOf(each)}`),
    hint: 'Send the key that the request for this certificate was made with.',
  })
}

function climb(leaf: X509Certificate, pool: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf]
  for (let last = leaf; !isSelfIssued(last); ) {
    const issuer = pool.find((each) => !chain.includes(each) && isIssuer(each, last))
    if (issuer === undefined) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

function isIssuer(issuer: X509Certificate, of: X509Certificate): boolean {
  return of.checkIssued(issuer) && of.verify(issuer.publicKey)
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && isIssuer(certificate, certificate)
}

function whyIncomplete(last: X509Certificate, command: string): Chain['incomplete'] {
  const roots = rootsNamed(last.issuer)
  if (roots.some((root) => isIssuer(root, last) || root.fingerprint256 === last.fingerprint256)) return undefined
  if (isSelfIssued(last))
    return { why: `The chain ends at ${nameOf(last)}, which browsers do not know`, hint: privateCa }
  const url = /CA Issuers - URI:(\S+)/.exec(last.infoAccess ?? '')?.[1]
  return {
    why: `The certificate of ${issuerOf(last)}, which issued that of ${nameOf(last)}, is missing`,
    hint:
      url === undefined
        ? `Add it to what you send. ${privateCa}`
        : `Add it to what you send:  (cat site.crt site.key; curl -s ${url} | openssl x509 -inform DER) | ${command}`,
  }
}

const privateCa = 'With --private-ca it is served all the same, for visitors who know that CA.'

let byName: Map<string, X509Certificate[]> | undefined

/** The roots that Mozilla trusts, as Node brings them: parsed once, at the first upload. */
function rootsNamed(name: string): X509Certificate[] {
  byName ??= Map.groupBy(
    rootCertificates.map((pem) => new X509Certificate(pem)),
    ({ subject }) => subject,
  )
  return byName.get(name) ?? []
}

function commonName(distinguished: string): string {
  return (
    /^(?:CN|O)=(.+)$/m.exec(distinguished.split('\n').toReversed().join('\n'))?.[1] ??
    (distinguished.replaceAll('\n', ', ') || 'nobody')
  )
}

export function nameOf({ subject }: X509Certificate): string {
  return commonName(subject)
}

export function issuerOf({ issuer }: X509Certificate): string {
  return commonName(issuer)
}
