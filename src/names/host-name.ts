// Names of sites and domains: parsed once, at the door, into lower-case ASCII (RFC 1123 labels; IDN by UTS 46 → punycode).
import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { HostingError } from '../errors/hosting-error.ts'

/** A parsed host name: lower-case ASCII, at least one dot, no dot at the end. */
export type HostName = string & z.BRAND<'HostName'>

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/**
 * `/run/hosting-12345678/routes/` + name + `/run/web.sock` must fit into the 107 bytes of a unix socket's path (unix(7)): 42 bytes are taken.
 * DNS itself allows 253 (RFC 1035, 2.3.4).
 */
export const maxHostNameLength = 65

export const hostNameSchema = z.custom<HostName>((value) => typeof value === 'string' && isHostName(value))

function isHostName(value: string): boolean {
  const labels = value.split('.')
  return (
    value.length <= maxHostNameLength &&
    labels.length > 1 &&
    labels.every((part) => label.test(part)) &&
    !/^\d+$/.test(labels.at(-1) ?? '')
  )
}

/**
 * Parses a site's name as typed: a full host name, or a short name that means `name.<baseDomain>`; a `.git` at its end is dropped.
 * @throws HostingError invalid-name, with the rule that was broken
 */
export function parseSiteName(text: string, baseDomain: string): HostName {
  const typed = text.replace(/\.git$/, '')
  if (typed.toLowerCase() === baseDomain) throw invalid(text, 'that is the name of the platform itself')
  const name = typed.includes('.') || typed === '' ? typed : `${typed}.${baseDomain}`
  const host = parseHostName(name)
  if (host === baseDomain) throw invalid(text, 'that is the name of the platform itself')
  return host
}

/** @throws HostingError invalid-name, with the rule that was broken */
export function parseHostName(text: string): HostName {
  const ascii = toAscii(text)
  const broken = brokenRule(ascii)
  if (broken !== undefined) throw invalid(text, broken)
  return hostNameSchema.parse(ascii)
}

function toAscii(text: string): string {
  // The URL parser accepts what a host name may not hold (spaces, %-escapes, IPv4 in odd notations): refuse before it rewrites them.
  if (/[^\p{L}\p{M}\p{N}.\-\u00b7\u3002\uff0e\uff61]/u.test(text)) return text.toLowerCase()
  return domainToASCII(text) || text.toLowerCase()
}

function brokenRule(ascii: string): string | undefined {
  if (ascii === '') return 'it is empty'
  if (/[^a-z0-9.-]/.test(ascii)) return 'only letters, digits, hyphens and dots may be in it'
  const labels = ascii.split('.')
  if (labels.includes('')) return 'a dot may not stand at the start, at the end or beside another dot'
  if (ascii.length > maxHostNameLength)
    return `it has ${ascii.length} characters; at most ${maxHostNameLength} fit into the path of the site's socket`
  const wrong = labels.find((part) => !label.test(part))
  if (wrong !== undefined)
    return wrong.length > 63
      ? 'a part between dots may have at most 63 characters'
      : `"${wrong}" starts or ends with a hyphen`
  if (labels.length < 2) return 'it needs at least one dot'
  if (/^\d+$/.test(labels.at(-1) ?? '')) return 'it looks like an IP address'
  return undefined
}

function invalid(text: string, why: string): HostingError {
  const shown = text.length > 80 ? `${text.slice(0, 77)}…` : text
  return new HostingError('invalid-name', `"${shown}" can't be the name of a site or domain: ${why}`, {
    hint: 'Use a host name such as example.org, or a short name such as demo.',
  })
}
