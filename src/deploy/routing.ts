// What the routing tree says about a site: all its domains point at its live instance, or are parked.
import { readDomain } from '../names/domain-name.ts'
import type { Site } from '../store/sites.ts'
import type { Parts } from './parts.ts'

export async function routeSite(site: Site, { store, edge }: Pick<Parts, 'store' | 'edge'>): Promise<void> {
  const target = site.state === 'running' ? site.live_instance_id : null
  for (const { name } of await store.domains.listOf(site.id)) {
    const domain = readDomain(name)
    await (target === null ? edge.routes.park(domain, whyParked(site)) : edge.routes.point(domain, target))
  }
}

export function whyParked({ state }: Pick<Site, 'state'>): 'stopped' | 'not-deployed' {
  return state === 'stopped' ? 'stopped' : 'not-deployed'
}

/** As the database says, and says still when it is done: a switch may come in between. */
export async function routeAsWritten(siteId: number, parts: Pick<Parts, 'store' | 'edge'>): Promise<void> {
  const site = await parts.store.sites.get(siteId)
  await routeSite(site, parts)
  const after = await parts.store.sites.find(site.name)
  if (after !== undefined && after.live_instance_id !== site.live_instance_id) await routeAsWritten(siteId, parts)
}
