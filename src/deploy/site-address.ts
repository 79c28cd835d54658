// Addresses as visitors type them: by HTTPS as soon as a certificate serves the name.
import { sendsToHttps } from '../config/https.ts'
import type { Config } from '../config/load.ts'
import type { Store } from '../store/store.ts'
import { siteUrl } from './site-url.ts'

export type AddressConfig = Pick<Config, 'http-port' | 'https-port' | 'standalone' | 'acme-directory'>

interface Naming {
  readonly config: AddressConfig
  /** Whether a certificate serves the name. */
  readonly secure: boolean
}

/** The best one first; a second where plain HTTP is not led to HTTPS. Ports only where they are not the scheme's own (RFC 9110, 4.2.1). */
export function siteAddresses(name: string, { config, secure }: Naming): [string, ...string[]] {
  const plain = siteUrl(name, config)
  if (!secure) return [plain]
  const https = config['https-port'] === 443 ? `https://${name}` : `https://${name}:${config['https-port']}`
  return sendsToHttps(config) ? [https] : [plain, https]
}

/** The address that one would tell somebody. */
export function siteAddress(name: string, naming: Naming): string {
  return siteAddresses(name, naming)[0]
}

/** Of a name of the platform or of a site, as it is served now. */
export async function addressesOf(
  name: string,
  { store, config }: { store: Pick<Store, 'wantedNames'>; config: AddressConfig },
): Promise<[string, ...string[]]> {
  const certificate = (await store.wantedNames.find(name))?.certificate_id ?? null
  return siteAddresses(name, { config, secure: certificate !== null })
}

/** Of the primary domain of a site. */
export async function primaryAddresses(
  site: { id: number; name: string },
  { store, config }: { store: Pick<Store, 'domains' | 'wantedNames'>; config: AddressConfig },
): Promise<[string, ...string[]]> {
  const name = (await store.domains.primaryOf(site.id))?.name ?? site.name
  return await addressesOf(name, { store, config })
}

/** As a sentence ends with them. */
export async function renderAddresses(...asked: Parameters<typeof primaryAddresses>): Promise<string> {
  return (await primaryAddresses(...asked)).join('  ')
}
