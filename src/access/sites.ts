// Who may take which name: making a site and adding a domain ask the same question here.
import type { Config } from '../config/load.ts'
import { HostingError } from '../errors/hosting-error.ts'
import type { HostName } from '../names/host-name.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import { authorizePlatform } from './authorize.ts'
import { isReserved } from './platform-names.ts'

export interface Claim {
  readonly store: Pick<Store, 'sites' | 'domains'>
  readonly config: Config
  readonly account: Account
  readonly name: HostName
}

/**
 * Makes a site and its first domain, which is its name.
 * @throws HostingError conflict when the name is taken, forbidden when it lies below somebody else's
 */
export async function createSite({ store, config, account, name }: Claim & { store: Store }): Promise<Site> {
  authorizePlatform(account, 'site:create')
  return await store.transaction(async (inside) => {
    await claimName({ store: inside, config, account, name })
    const site = await inside.sites.add({ name, ownerId: account.id, branch: config['default-branch'] })
    await inside.domains.add(name, site.id)
    return site
  })
}

/** @throws HostingError conflict, forbidden */
export async function addDomain({ store, site, ...claim }: Claim & { store: Store; site: Site }): Promise<void> {
  await store.transaction(async (inside) => {
    await claimName({ ...claim, store: inside })
    await inside.domains.add(claim.name, site.id)
  })
}

/** Asks only; to be called in the transaction that takes the name. */
async function claimName(claim: Claim): Promise<void> {
  const { store, config, account, name } = claim
  if (isReserved(name, config) || isPlatformName(name, config['base-domain'], account))
    throw new HostingError('forbidden', `${name} is a name of the platform itself`, { hint: 'Choose another name.' })
  if ((await store.sites.findByDomain(name)) ?? (await store.sites.find(name)))
    throw new HostingError('conflict', `${name} is taken`, {
      hint: 'sites lists yours; domains SITE lists their names.',
    })
  const above = await ownerAbove(claim)
  if (above !== undefined)
    throw new HostingError('forbidden', `${name} lies below ${above}, which belongs to somebody else`, {
      hint: `Ask the owner of ${above} to add ${name}, or choose another name.`,
    })
}

/** The base domain for everybody; what lies above it (whose owner could shadow every short name) for all but admins. */
function isPlatformName(name: HostName, baseDomain: string, account: Account): boolean {
  return name === baseDomain || (account.role !== 'admin' && baseDomain.endsWith(`.${name}`))
}

/** The nearest name above this one that is a domain of a site of somebody else. The base domain itself is nobody's. */
async function ownerAbove({ store, config, account, name }: Claim): Promise<string | undefined> {
  if (account.role === 'admin') return undefined
  for (let above = parentOf(name); above.includes('.') && above !== config['base-domain']; above = parentOf(above)) {
    const site = await store.sites.findByDomain(above)
    if (site !== undefined) return site.owner_id === account.id ? undefined : above
  }
  return undefined
}

function parentOf(name: string): string {
  return name.slice(name.indexOf('.') + 1)
}
