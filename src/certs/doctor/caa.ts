// Whether CAA records (RFC 8659) let our CA issue for a name. Pure.
import type { CaaRecord } from 'node:dns'
import type { Finding } from '../types.ts'

interface CaaQuestion {
  readonly name: string
  /** Where the records stand: the name itself, or the nearest one above it that has any. */
  readonly at: string
  readonly records: readonly CaaRecord[]
  /** How the CA is named there. Empty: it doesn't say, so nothing can be said. */
  readonly identities: readonly string[]
}

/** Names where records are looked for, the nearest first: up to, not including, the root (RFC 8659, 3). */
export function caaPath(name: string): string[] {
  const labels = name.replace(/^\*\./, '').split('.')
  return labels.map((_, index) => labels.slice(index).join('.'))
}

export function judgeCaa({ name, at, records, identities }: CaaQuestion): Finding[] {
  const issuers = issuersOf(name, records)
  if (issuers === undefined || identities.length === 0) return []
  if (issuers.some((issuer) => identities.includes(issuer))) return []
  const tag = tagFor(name, records)
  const others = issuers.filter((issuer) => issuer !== '')
  const who = others.length === 0 ? 'no certificate authority' : `only ${others.join(', ')}`
  return [
    {
      severity: 'blocking',
      sentence: `The CAA records of ${at} allow ${who} to issue certificates for ${name}.`,
      record: `${at}. CAA 0 ${tag} "${identities[0] ?? ''}"`,
    },
  ]
}

/** Undefined: whoever wants may issue. An empty string among them is `;`, which means nobody. */
function issuersOf(name: string, records: readonly CaaRecord[]): string[] | undefined {
  const relevant = records.flatMap((record) => record[tagFor(name, records)] ?? [])
  if (relevant.length === 0) return undefined
  return relevant.map((value) => value.split(';')[0]?.trim().toLowerCase() ?? '')
}

function tagFor(name: string, records: readonly CaaRecord[]): 'issue' | 'issuewild' {
  const wild = name.startsWith('*.') && records.some(({ issuewild }) => issuewild !== undefined)
  return wild ? 'issuewild' : 'issue'
}
