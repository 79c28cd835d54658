// Makes a challenge's proof public, by a file or by a record, and takes it back. A record is there for the CA only when it is there on
// every name server of its zone.
import type { Clock } from '../../lib/clock.ts'
import type { Challenge } from '../acme/session.ts'
import { AcmeProblem } from '../acme/problem.ts'
import { createLookups, type LookupParts } from '../../access/lookups.ts'
import type { DnsRecords } from '../dns/records.ts'
import type { TokenFiles } from './http.ts'

/** What was made public for a name. */
export type Published =
  | { readonly method: 'http-01'; readonly name: string; readonly token: string }
  | { readonly method: 'dns-01'; readonly name: string; readonly value: string }

export interface PublishParts {
  readonly config: LookupParts['config']
  readonly records: DnsRecords
  readonly tokens: TokenFiles
  readonly clock: Clock
}

export function plannedProof(name: string, { method, token, proof }: Challenge): Published {
  return method === 'http-01' ? { method, name, token } : { method, name, value: proof }
}

/** Resolves when the CA will see it. */
export async function publish(
  published: Published,
  proof: string,
  { signal, ...parts }: PublishParts & { signal: AbortSignal },
): Promise<void> {
  if (published.method === 'http-01') {
    await parts.tokens.publish(published.token, proof)
    return
  }
  await txtOf(published.name, parts).addTxt(recordName(published.name), published.value, signal)
  await seen(published, parts, signal)
}

export async function withdraw(
  published: Published,
  { signal, ...parts }: PublishParts & { signal: AbortSignal },
): Promise<void> {
  if (published.method === 'http-01') {
    await parts.tokens.withdraw(published.token)
    return
  }
  await txtOf(published.name, parts).removeTxt(recordName(published.name), published.value, signal)
}

function txtOf(name: string, { records }: PublishParts) {
  const txt = records.txtFor(name)
  if (txt === undefined) throw new Error(`Nobody may set records of ${name} any more`)
  return txt
}

/** An apex and its wildcard have the same one (RFC 8555, 8.4). */
function recordName(name: string): string {
  return `_acme-challenge.${name.replace(/^\*\./, '')}`
}

const patienceMs = 180_000
const firstPauseMs = 50
const longestPauseMs = 5000

async function seen(
  { name, value }: Extract<Published, { method: 'dns-01' }>,
  { config, records, clock }: PublishParts,
  signal: AbortSignal,
): Promise<void> {
  const end = clock.now().getTime() + patienceMs
  const lookups = createLookups({ config, zone: records.zone })
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.6, longestPauseMs)) {
    const answers = await lookups.texts(recordName(name))
    const given = answers.filter(({ failure }) => failure === undefined)
    if (given.length > 0 && given.every(({ records: texts }) => texts.includes(value))) return
    if (clock.now().getTime() > end) throw notSeen(name)
    await clock.sleep(pauseMs, signal)
  }
}

function notSeen(name: string): AcmeProblem {
  return new AcmeProblem({
    type: 'dns',
    status: 0,
    detail: `The record ${recordName(name)} was set, but not all name servers of its zone show it after ${patienceMs / 60_000} minutes`,
    names: [name],
  })
}
