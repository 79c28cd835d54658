// What A and AAAA of a name say, and whether they lead to this server: one finding an address, with the record to set instead.
import { isIPv6 } from 'node:net'
import type { Lookups } from '../../access/lookups.ts'
import { isPublicAddress } from '../../access/public-address.ts'
import type { TokenFiles } from '../challenges/http.ts'
import type { OwnAddresses } from '../../access/own-addresses.ts'
import type { Finding } from '../types.ts'
import { type Reach, reach } from './reach.ts'

export interface AddressQuestion {
  readonly name: string
  readonly own: OwnAddresses
  readonly lookups: Lookups
  readonly tokens: TokenFiles
  /** Where the world reaches the edge: 80, but for tests. */
  readonly port: number
  readonly signal: AbortSignal
}

interface Visited {
  readonly address: string
  readonly reached: Reach
}

export async function leadsHere(question: AddressQuestion): Promise<Finding[]> {
  const { name, own, lookups } = question
  const [four, six] = await Promise.all([lookups.addresses(name, 4), lookups.addresses(name, 6)])
  const failure = four.failure ?? six.failure
  if (failure !== undefined) return [{ severity: 'blocking', sentence: `${failure}.` }]
  const addresses = [...four.records, ...six.records]
  if (addresses.length === 0) return [noAddress(name, own)]
  const visited = await Promise.all(addresses.map((address) => visit(address, question)))
  return visited.flatMap((each) => judge(each, { name, own, visited }))
}

async function visit(address: string, { name, own, tokens, port, signal }: AddressQuestion): Promise<Visited> {
  // Not of the internet and not said to be ours: the CA could not get there, and what stands there is none of a tenant's business.
  if (!isPublicAddress(address) && !own.addresses.includes(address)) return { address, reached: { kind: 'other' } }
  return { address, reached: await reach({ name, address, port, tokens, signal }) }
}

function noAddress(name: string, own: OwnAddresses): Finding {
  return {
    severity: 'blocking',
    sentence: `${name} has no A or AAAA record, so nobody finds it.`,
    record: recordFor(name, own, 4) ?? recordFor(name, own, 6) ?? `${name}. A (the address of this server)`,
  }
}

interface Context {
  readonly name: string
  readonly own: OwnAddresses
  readonly visited: readonly Visited[]
}

function judge({ address, reached }: Visited, { name, own, visited }: Context): Finding[] {
  const type = isIPv6(address) ? 'AAAA' : 'A'
  if (reached.kind === 'here')
    return [{ severity: 'ok', sentence: `The ${type} record of ${name} (${address}) leads to this server.` }]
  const isOurs = own.addresses.includes(address)
  if (reached.kind === 'unreached' && isOurs) return [closed({ name, address, why: reached.why, own })]
  const why = whyWrong(address, reached)
  const conflicting = type === 'AAAA' && visited.some((other) => other.reached.kind === 'here')
  const record = recordFor(name, own, isIPv6(address) ? 6 : 4)
  return [
    {
      severity: 'blocking',
      sentence: conflicting
        ? `The AAAA record of ${name} (${address}) ${why}, and the certificate authority prefers it to the A record: ${record === undefined ? 'remove it' : 'change it'}.`
        : `The ${type} record of ${name} (${address}) ${why}.`,
      ...(record === undefined ? {} : { record }),
    },
  ]
}

function whyWrong(address: string, reached: Reach): string {
  if (reached.kind === 'unreached') return `leads to a server whose port 80 ${reached.why}`
  return isPublicAddress(address) ? 'leads to another server' : 'is no address of the internet'
}

/** Behind a router that does not send a server's own packets back, a configured address can't be tried from here: the CA will tell. */
function closed({
  name,
  address,
  why,
  own,
}: {
  name: string
  address: string
  why: string
  own: OwnAddresses
}): Finding {
  return {
    severity: own.configured && why !== 'is closed' ? 'note' : 'blocking',
    sentence: `${name} leads to ${address}, which is this server's, but port 80 of it ${why}: open it in the firewall or router.`,
  }
}

function recordFor(name: string, { addresses }: OwnAddresses, family: 4 | 6): string | undefined {
  const address = addresses.find((each) => isIPv6(each) === (family === 6))
  return address === undefined ? undefined : `${name}. ${family === 6 ? 'AAAA' : 'A'} ${address}`
}
