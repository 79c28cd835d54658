// A domain of a site, by its name.
import { HostingError } from '../../errors/hosting-error.ts'
import { type DomainName, shownName } from '../../names/domain-name.ts'
import type { Domain } from '../../store/domains.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'

/** @throws HostingError not-found */
export async function getDomain(store: Store, site: Site, name: DomainName): Promise<Domain> {
  const domain = await store.domains.find(name)
  if (domain?.site_id === site.id) return domain
  throw new HostingError('not-found', `${site.name} has no domain ${shownName(name)}`, { hint: `domains ${site.name}` })
}
