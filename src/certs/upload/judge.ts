// Whether a certificate can be served to the visitors of a site at all: its dates, its names, and how it was made.
import type { X509Certificate } from 'node:crypto'
import { HostingError } from '../../errors/hosting-error.ts'
import { covers, type DomainName, domainNameSchema, shownName } from '../../names/domain-name.ts'
import { nameOf } from './chain.ts'
import { daysUntil, firstWarningDays } from './expiry.ts'

export interface Judged {
  /** Those of the site's domains that it covers. */
  readonly covered: readonly DomainName[]
  /** What its owner should know. */
  readonly notes: readonly string[]
}

interface Judging {
  readonly leaf: X509Certificate
  readonly chain: readonly X509Certificate[]
  readonly site: string
  readonly domains: readonly DomainName[]
  readonly now: Date
}

/** @throws HostingError invalid-certificate */
export function judge({ leaf, chain, site, domains, now }: Judging): Judged {
  if (leaf.ca)
    throw refused(
      'This is the certificate of a CA, not that of a site',
      'Send the one that the CA issued for the site.',
    )
  if (chain.length > longestChain)
    throw refused(
      `Its chain has ${chain.length} certificates; at most ${longestChain} are sent to visitors`,
      'Send those of its issuers only.',
    )
  mustBeQuick(leaf)
  for (const certificate of chain) {
    const which = certificate === leaf ? 'The certificate' : `The certificate of ${nameOf(certificate)} in its chain`
    mustBeStrong(certificate, which)
    mustBeValid(certificate, { which, site, now })
  }
  const names = namesIn(leaf)
  const covered = domains.filter((domain) => names.some((name) => name === domain || covers(name, domain)))
  if (covered.length === 0)
    throw refused(
      `The certificate is for ${names.join(', ') || 'no name at all'}, and for none of the names of this site`,
      names[0] === undefined ? `domains ${site}   lists them.` : `domains:add ${site} ${names[0]}   adds one.`,
      domains.map((domain) => `  ${shownName(domain)}`),
    )
  return { covered, notes: notesOn({ leaf, covered, domains, now }) }
}

/** Of its subject alternative names; browsers read no other (RFC 9525, 2). */
export function namesIn({ subjectAltName = '' }: X509Certificate): DomainName[] {
  return subjectAltName.split(', ').flatMap((entry) => {
    const [kind, name = ''] = entry.split(':')
    const parsed = domainNameSchema.safeParse(name.toLowerCase())
    return kind === 'DNS' && parsed.success ? [parsed.data] : []
  })
}

const leastRsaBits = 2048
/** Whoever signs with more holds up the workers that serve all sites: each handshake with 15360 bits takes 0.2 s of it. */
const mostRsaBits = 4096
/** Parsed at each handshake, too. Those in use have two or three. */
const longestChain = 8
const curves = ['prime256v1', 'secp384r1', 'secp521r1']

function mustBeQuick({ publicKey: { asymmetricKeyDetails } }: X509Certificate): void {
  const bits = asymmetricKeyDetails?.modulusLength ?? 0
  if (bits <= mostRsaBits) return
  throw refused(
    `The certificate has an RSA key of ${bits} bits, too slow for a server of many; at most ${mostRsaBits}`,
    newKey,
  )
}

function mustBeStrong(certificate: X509Certificate, which: string): void {
  const { asymmetricKeyType: kind = 'unknown', asymmetricKeyDetails: details } = certificate.publicKey
  const bits = details?.modulusLength ?? 0
  if (kind === 'rsa' && bits < leastRsaBits)
    throw refused(`${which} has an RSA key of ${bits} bits; browsers want at least ${leastRsaBits}`, newKey)
  if (kind === 'ec' && !curves.includes(details?.namedCurve ?? ''))
    throw refused(
      `${which} has a key on the curve ${details?.namedCurve ?? 'unknown'}, which browsers do not know`,
      newKey,
    )
  if (!['rsa', 'rsa-pss', 'ec'].includes(kind))
    throw refused(`${which} has a key of the kind ${kind}, which browsers do not know`, newKey)
  // What signs a root is not looked at by anybody: its key is trusted as such.
  const signature = certificate.signatureAlgorithm ?? ''
  if (/sha1|md5|md2/i.test(signature) && certificate.subject !== certificate.issuer)
    throw refused(
      `${which} is signed with ${signature}, which browsers do not accept any more`,
      'Ask the CA for a new one.',
    )
}

const newKey =
  'Make a new key and have a new certificate issued:  openssl ecparam -genkey -name prime256v1 -noout -out site.key'

interface Dated {
  readonly which: string
  readonly site: string
  readonly now: Date
}

function mustBeValid(certificate: X509Certificate, { which, site, now }: Dated): void {
  const { validFromDate: from, validToDate: to } = certificate
  if (to <= now)
    throw refused(
      `${which} has expired on ${dayOf(to)}`,
      `Ask the CA for a new one; or leave it to the platform: certs ${site}   shows how that gets on.`,
    )
  if (from > now)
    throw refused(
      `${which} is valid from ${dayOf(from)} on; on this server it is ${now.toISOString()}`,
      'Send it again then.',
    )
}

function notesOn({
  leaf,
  covered,
  domains,
  now,
}: Omit<Judging, 'chain' | 'site'> & { covered: readonly DomainName[] }): string[] {
  const uncovered = domains.filter((domain) => !covered.includes(domain))
  const days = daysUntil(leaf.validToDate, now)
  return [
    ...(uncovered.length === 0
      ? []
      : [`It does not cover ${someOf(uncovered.map(shownName))}: what serves those stays as it is.`]),
    ...(days <= firstWarningDays ? [`It expires in ${days === 1 ? '1 day' : `${days} days`} already.`] : []),
  ]
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10)
}

function refused(why: string, hint: string, details: readonly string[] = []): HostingError {
  return new HostingError('invalid-certificate', why, { hint, details })
}

const mostShown = 4

function someOf(names: readonly string[]): string {
  const more = names.length - mostShown
  return more > 0 ? `${names.slice(0, mostShown).join(', ')} and ${more} more` : names.join(', ')
}
