// Questions to the DNS as a CA asks them: at the name servers of the name's own zone, not at a cache that remembers yesterday.
import type { CaaRecord } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import type { Config } from '../config/load.ts'

export interface Found<T> {
  readonly records: readonly T[]
  /** The name servers gave no answer, in words for people. A name that is not there is no failure. */
  readonly failure?: string
}

export interface Lookups {
  /** CNAMEs are followed. */
  addresses(name: string, family: 4 | 6): Promise<Found<string>>
  /** Of this very name. */
  caa(name: string): Promise<Found<CaaRecord>>
  /** What each of the zone's name servers says. */
  texts(name: string): Promise<Found<string>[]>
}

interface Server {
  readonly address: string
  readonly port: number
}

export interface LookupParts {
  readonly config: Pick<Config, 'dns-resolvers'>
  /** Its names are asked of its own server, which may have another port. */
  readonly zone?: { readonly name: string; readonly server: Server } | undefined
  readonly timeoutMs?: number
}

const mostAliases = 8

/** Remembers nothing but which servers a zone has, so it is made for one inquiry and thrown away. */
export function createLookups({ config, zone, timeoutMs = 2000 }: LookupParts): Lookups {
  const options = { timeout: timeoutMs, tries: 2 }
  const start = new Resolver(options)
  const starting = config['dns-resolvers'].split(/[\s,]+/).filter((server) => server !== '')
  if (starting.length > 0) start.setServers(starting)
  const known = new Map<string, Promise<string[] | undefined>>()

  const serversOf = async (name: string): Promise<string[]> => {
    if (zone !== undefined && (name === zone.name || name.endsWith(`.${zone.name}`))) return [written(zone.server)]
    if (!name.includes('.')) return []
    const found = known.get(name) ?? nameServersOf(start, name)
    known.set(name, found)
    const servers = await found
    // Nobody answers: whoever asks will say so, and not after one wait for each label.
    if (servers === undefined) return []
    return servers.length > 0 ? servers : await serversOf(name.slice(name.indexOf('.') + 1))
  }
  const resolverOf = async (name: string): Promise<Resolver> => {
    const servers = await serversOf(name)
    if (servers.length === 0) return start
    const resolver = new Resolver(options)
    resolver.setServers(servers)
    return resolver
  }
  const addresses = async (name: string, family: 4 | 6, aliases = 0): Promise<Found<string>> => {
    const resolver = await resolverOf(name)
    const found = await ask(name, () => (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name)))
    if (found.records.length > 0 || found.failure !== undefined || aliases >= mostAliases) return found
    // A server that is not the target's as well answers with the alias alone.
    const [alias] = (await ask(name, () => resolver.resolveCname(name))).records
    return alias === undefined ? found : await addresses(alias, family, aliases + 1)
  }
  return {
    addresses: (name, family) => addresses(name, family),
    caa: async (name) => {
      const resolver = await resolverOf(name)
      return await ask(name, () => resolver.resolveCaa(name))
    },
    async texts(name) {
      const servers = await serversOf(name)
      const resolvers = servers.map((server) => {
        const resolver = new Resolver(options)
        resolver.setServers([server])
        return resolver
      })
      return await Promise.all(
        (resolvers.length > 0 ? resolvers : [start]).map((one) => ask(name, () => textsAt(one, name))),
      )
    },
  }
}

async function textsAt(resolver: Resolver, name: string): Promise<string[]> {
  return (await resolver.resolveTxt(name)).map((parts) => parts.join(''))
}

/** The addresses of the servers that a zone of this very name has; none where it begins further up. Undefined: nobody answers. */
async function nameServersOf(start: Resolver, name: string): Promise<string[] | undefined> {
  const { records: names, failure } = await ask(name, () => start.resolveNs(name))
  if (failure?.endsWith(noAnswer) === true) return undefined
  const found = await Promise.all(
    names.flatMap((server) => [ask(server, () => start.resolve4(server)), ask(server, () => start.resolve6(server))]),
  )
  return found.flatMap(({ records }) => records).map((address) => written({ address, port: 53 }))
}

function written({ address, port }: Server): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

async function ask<T>(name: string, question: () => Promise<T[]>): Promise<Found<T>> {
  try {
    return { records: await question() }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENODATA' || code === 'ENOTFOUND') return { records: [] }
    return { records: [], failure: `The name servers of ${name} ${failures[code] ?? `fail (${code})`}` }
  }
}

const noAnswer = 'do not answer'
const failures: Readonly<Record<string, string>> = {
  ETIMEOUT: noAnswer,
  ECONNREFUSED: 'cannot be reached',
  ESERVFAIL: 'answer that they failed (SERVFAIL), often because of wrong DNSSEC records',
  EREFUSED: 'refuse to answer for it',
}
