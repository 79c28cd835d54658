// Host names that nobody can take, for a site or for a domain: the platform's own, those its configuration lists, public suffixes.
import type { Config } from '../config/load.ts'
import { type DomainName, hostOf } from '../names/domain-name.ts'
import { type HostName, parseSiteName } from '../names/host-name.ts'
import { publicSuffixes } from '../names/public-suffix.ts'

type NamedConfig = Pick<Config, 'base-domain' | 'database-admin-host' | 'reserved-names'>

/** Where phpMyAdmin is reached, or undefined when it is not offered. @throws HostingError invalid-name */
export function databaseAdminHost(config: NamedConfig): HostName | undefined {
  const name = config['database-admin-host']
  return name === '' ? undefined : parseSiteName(name, config['base-domain'])
}

/** With the names below it, whose pages could set its cookies; and with the wildcard that would stand for it. */
export function isReserved(name: DomainName, config: NamedConfig): boolean {
  const host = hostOf(name)
  const reserved = [databaseAdminHost(config) ?? [], reservedNames(config)].flat()
  return reserved.some((own) => host === own || host.endsWith(`.${own}`))
}

/** Why nobody may have a name, after "it", or undefined. */
export function whyNobodys(name: DomainName, config: NamedConfig): string | undefined {
  if (isReserved(name, config)) return 'is a name of the platform itself'
  const host = hostOf(name)
  if (host === config['base-domain'])
    return host === name ? 'is a name of the platform itself' : 'stands for all names of the platform'
  if (host !== config['base-domain'] && publicSuffixes().has(host))
    return 'is a name below which strangers register names (publicsuffix.org)'
  return undefined
}

/** A short one means a name below the base domain; it is checked when the configuration is read. */
function reservedNames(config: NamedConfig): string[] {
  const names = config['reserved-names'].split(/[\s,]+/).filter((name) => name !== '')
  return names.map((name) => (name.includes('.') ? name : `${name}.${config['base-domain']}`))
}
