// Host names that the platform keeps for itself: no site and no domain can take one, or a name below it (whose pages could set its cookies).
import type { Config } from '../config/load.ts'
import { type HostName, parseSiteName } from '../names/host-name.ts'

type NamedConfig = Pick<Config, 'base-domain' | 'database-admin-host'>

/** Where phpMyAdmin is reached, or undefined when it is not offered. @throws HostingError invalid-name */
export function databaseAdminHost(config: NamedConfig): HostName | undefined {
  const name = config['database-admin-host']
  return name === '' ? undefined : parseSiteName(name, config['base-domain'])
}

export function isReserved(name: HostName, config: NamedConfig): boolean {
  const host = databaseAdminHost(config)
  return host !== undefined && (name === host || name.endsWith(`.${host}`))
}
