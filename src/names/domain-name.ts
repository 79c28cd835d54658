// Names that a site answers to: a host name, or a wildcard that stands for every name of one more label (RFC 4592, RFC 9525 6.3).
import { domainToUnicode } from 'node:url'
import { z } from 'zod'
import { HostingError } from '../errors/hosting-error.ts'
import { type HostName, hostNameSchema, maxHostNameLength, parseHostName, parseSiteName } from './host-name.ts'

/** `*.` and a host name; the same bytes stand in the routing tree and in a certificate. */
export type Wildcard = string & z.BRAND<'Wildcard'>
export type DomainName = HostName | Wildcard

const prefix = '*.'

const wildcardSchema = z.custom<Wildcard>(
  (value) =>
    typeof value === 'string' &&
    value.startsWith(prefix) &&
    value.length <= maxHostNameLength &&
    hostNameSchema.safeParse(value.slice(prefix.length)).success,
)
export const domainNameSchema = z.union([hostNameSchema, wildcardSchema])

export function isWildcard(name: DomainName): name is Wildcard {
  return name.startsWith(prefix)
}

/**
 * A domain as typed: as a site's name, or `*.` before one.
 * @throws HostingError invalid-name, with the rule that was broken
 */
export function parseDomain(text: string, baseDomain: string): DomainName {
  if (!text.startsWith(prefix)) return parseSiteName(text, baseDomain)
  return wildcardOf(parseSiteName(text.slice(prefix.length), baseDomain))
}

/** One that was parsed before. @throws HostingError invalid-name */
export function readDomain(text: string): DomainName {
  return text.startsWith(prefix) ? wildcardOf(parseHostName(text.slice(prefix.length))) : parseHostName(text)
}

/** The wildcard that stands for a name beside others. @throws HostingError invalid-name when it would be too long */
export function wildcardOf(name: HostName): Wildcard {
  const parsed = wildcardSchema.safeParse(prefix + name)
  if (parsed.success) return parsed.data
  throw new HostingError(
    'invalid-name',
    `"${prefix}${name}" can't be the name of a site or domain: it has ${name.length + prefix.length} characters; at most ${maxHostNameLength} fit into the path of the site's socket`,
    { hint: 'Use a shorter name.' },
  )
}

/** What a name says without a wildcard's star: where its DNS zone, its owner and its neighbours are looked for. */
export function hostOf(name: DomainName): HostName {
  return hostNameSchema.parse(isWildcard(name) ? name.slice(prefix.length) : name)
}

/** The names above this one, the nearest first, down to those with one dot. */
export function namesAbove(name: DomainName): HostName[] {
  const labels = hostOf(name).split('.')
  const first = isWildcard(name) ? 0 : 1
  return labels.slice(first, -1).map((_, index) => hostNameSchema.parse(labels.slice(first + index).join('.')))
}

/** Whether a visitor of `host` may be answered by what `domain` leads to: itself, or one label below a wildcard. */
export function covers(domain: DomainName, host: string): boolean {
  if (!isWildcard(domain)) return domain === host
  return host.endsWith(domain.slice(1)) && !host.slice(0, host.length - domain.length + 1).includes('.')
}

/** As its owner writes it, beside what the network knows: `bücher.example (xn--bcher-kva.example)`. */
export function shownName(name: string): string {
  const unicode = unicodeName(name)
  return unicode === name ? name : `${unicode} (${name})`
}

export function unicodeName(name: string): string {
  const host = name.startsWith(prefix) ? name.slice(prefix.length) : name
  return name.slice(0, name.length - host.length) + (domainToUnicode(host) || host)
}
