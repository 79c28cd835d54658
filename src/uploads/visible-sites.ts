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

export interface VisibleSites {
  readonly sites: readonly VisibleSite[]
  /** How many are there besides. */
  readonly left: number
}

/** Each is a working tree and some mounts of every session (docs/why/190). */
const mostSites = 100

/** Those that were asked for by name, its own, and the others as they were deployed last. */
export async function visibleSites(
  account: Actor,
  { store, wanted = [] }: { store: Store; wanted?: readonly string[] },
): Promise<VisibleSites> {
  const own = (await store.sites.listFor(account.id)).toSorted(byLastRelease)
  const others = account.role === 'admin' ? (await store.sites.list()).toSorted(byLastRelease) : []
  const all = [...own, ...others]
  const asked = all.filter(({ name }) => wanted.includes(name))
  const sites = [...new Map([...asked, ...all].map((site) => [site.id, site])).values()]
  const visible: VisibleSite[] = []
  let looked = 0
  for (const site of sites) {
    if (visible.length === mostSites) break
    looked += 1
    const role = await roleOn(site, account, store)
    if (role !== undefined) visible.push({ site, role })
  }
  return { sites: visible, left: sites.length - looked }
}

function byLastRelease(one: Site, other: Site): number {
  return (other.live_release_id ?? '').localeCompare(one.live_release_id ?? '')
}

export async function roleOn(site: Site, account: Actor, store: Store): Promise<RoleOn | undefined> {
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
