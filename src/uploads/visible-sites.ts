// Which sites an account sees, and whether it may write there: asked of access, site by site.
import { type Actor, authorize } from '../access/authorize.ts'
import { HostingError } from '../errors/hosting-error.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'

export type RoleOn = 'read' | 'write'

export interface VisibleSite {
  readonly site: Site
  readonly role: RoleOn
}

/** Each is a working tree: an admin of thousands sees the first of them. */
const mostSites = 100

export async function visibleSites(account: Actor, { store }: { store: Store }): Promise<VisibleSite[]> {
  const own = await store.sites.listFor(account.id)
  const others = account.role === 'admin' ? await store.sites.list() : []
  const sites = [...new Map([...own, ...others].map((site) => [site.id, site])).values()]
  const visible: VisibleSite[] = []
  for (const site of sites) {
    const role = await roleOn(store, account, site)
    if (role !== undefined) visible.push({ site, role })
    if (visible.length === mostSites) break
  }
  return visible
}

async function roleOn(store: Store, account: Actor, site: Site): Promise<RoleOn | undefined> {
  if (await may(() => authorize(store, account, { action: 'site:push', site }))) return 'write'
  return (await may(() => authorize(store, account, { action: 'site:read', site }))) ? 'read' : undefined
}

async function may(ask: () => Promise<void>): Promise<boolean> {
  try {
    await ask()
    return true
  } catch (error) {
    if (error instanceof HostingError) return false
    throw error
  }
}
