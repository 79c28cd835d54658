// Addresses as visitors type them. HTTPS as soon as a certificate serves the name.
import type { Config } from '../config/load.ts'
import type { Store } from '../store/store.ts'
import { siteUrl } from './site-url.ts'

type Ports = Pick<Config, 'http-port' | 'https-port'>

/** The port only where it is not the scheme's own (RFC 9110, 4.2.1). */
export function siteAddress(name: string, { config, secure }: { config: Ports; secure: boolean }): string {
  if (!secure) return siteUrl(name, config)
  return config['https-port'] === 443 ? `https://${name}` : `https://${name}:${config['https-port']}`
}

/** The address of the primary domain of a site. */
export async function primaryAddress(
  site: { id: number; name: string },
  { store, config }: { store: Pick<Store, 'domains' | 'wantedNames'>; config: Ports },
): Promise<string> {
  const name = (await store.domains.primaryOf(site.id))?.name ?? site.name
  return siteAddress(name, { config, secure: await isSecure(name, store) })
}

export async function isSecure(name: string, store: Pick<Store, 'wantedNames'>): Promise<boolean> {
  return ((await store.wantedNames.find(name))?.certificate_id ?? null) !== null
}
