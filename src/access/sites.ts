// Taking names: making a site, and adding a domain to one. The questions are claim.ts's and name-proof.ts's.
import { HostingError } from '../errors/hosting-error.ts'
import { type DomainName, shownName } from '../names/domain-name.ts'
import type { DomainAnswer } from '../store/domains.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import { authorizePlatform } from './authorize.ts'
import { type Claim, claimName } from './claim.ts'
import { mustBeProven, type NameServers, systemNameServers } from './name-proof.ts'

export type Taking = Omit<Claim, 'store'> & {
  readonly store: Store
  /** Where proof is looked for. Left out: the system's. */
  readonly nameServers?: NameServers
}

/**
 * Makes a site and its first domain, which is its name.
 * @throws HostingError conflict when the name is taken, forbidden when it lies below somebody else's or is not proven
 */
export async function createSite(taking: Taking): Promise<Site> {
  const { store, config, account, name } = taking
  authorizePlatform(account, 'site:create')
  await claimBefore(taking)
  return await store.transaction(async (inside) => {
    await claimName({ ...taking, store: inside })
    const site = await inside.sites.add({ name, ownerId: account.id, branch: config['default-branch'] })
    await inside.domains.add(name, site.id, { role: 'primary' })
    await inside.keptNames.remove(name)
    return site
  })
}

/** @throws HostingError conflict, forbidden */
export async function addDomain({
  site,
  answer,
  ...taking
}: Taking & { site: Site; answer: DomainAnswer }): Promise<void> {
  await claimBefore(taking)
  await taking.store.transaction(async (inside) => {
    await claimName({ ...taking, store: inside })
    if (answer.role === 'primary') await inside.domains.demote(site.id, 'served')
    await inside.domains.add(taking.name, site.id, answer)
    await inside.keptNames.remove(taking.name)
  })
}

/** The DNS is slow, and a transaction holds up all others: what it has to say is asked before. */
async function claimBefore({ nameServers, ...claim }: Taking): Promise<void> {
  await claimName(claim)
  await mustBeProven(claim, nameServers ?? systemNameServers(claim.config))
}

export interface Changing {
  readonly store: Store
  readonly site: Site
  readonly name: DomainName
}

/** Another way for a domain of a site to answer. @throws HostingError conflict for the primary one, which others lead to */
export async function changeDomain({ store, site, name, answer }: Changing & { answer: DomainAnswer }): Promise<void> {
  await store.transaction(async (inside) => {
    if (answer.role === 'primary') await inside.domains.demote(site.id, 'served')
    else if ((await inside.domains.primaryOf(site.id))?.name === name)
      throw new HostingError(
        'conflict',
        `${shownName(name)} is the primary domain of ${site.name}, which others lead to`,
        {
          hint: `domains:primary ${site.name} DOMAIN   makes another one primary.`,
        },
      )
    await inside.domains.update(name, { role: answer.role, redirects_to: answer.redirectsTo ?? null })
  })
}

/** When the primary domain goes, the site's own name takes its place. */
export async function removeDomain({ store, site, name }: Changing): Promise<void> {
  await store.transaction(async (inside) => {
    const wasPrimary = (await inside.domains.primaryOf(site.id))?.name === name
    await inside.domains.remove(name)
    if (wasPrimary) await inside.domains.update(site.name, { role: 'primary', redirects_to: null })
  })
}
