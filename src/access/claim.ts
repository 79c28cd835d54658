// Who may take which name: making a site and adding a domain ask the same questions here, in this order.
import type { Config } from '../config/load.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { type DomainName, hostOf, isWildcard, namesAbove, shownName, wildcardOf } from '../names/domain-name.ts'
import { type HostName, maxHostNameLength } from '../names/host-name.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import { whyNobodys } from './platform-names.ts'

export interface Claim {
  readonly store: Pick<Store, 'sites' | 'domains' | 'consents' | 'keptNames' | 'accounts'>
  readonly config: Config
  readonly account: Account
  readonly name: DomainName
}

/**
 * Asks only; to be called in the transaction that takes the name.
 * @throws HostingError forbidden for what nobody may have or what lies below somebody else's, conflict when the name is taken
 */
export async function claimName(claim: Claim): Promise<void> {
  const { store, config, name } = claim
  const why = whyNobodys(name, config) ?? whyAdmins(claim)
  if (why !== undefined)
    throw new HostingError('forbidden', `${shownName(name)} ${why}`, { hint: 'Choose another name.' })
  const has = (await store.sites.findByDomain(name)) ?? (await store.sites.find(name))
  if (has !== undefined) throw taken(claim, has)
  await mustNotBeKept(claim)
  const above = await findOwnerAbove(claim)
  if (above !== undefined && !above.consents)
    throw new HostingError(
      'forbidden',
      `${shownName(name)} lies below ${above.domain}, which belongs to somebody else`,
      {
        hint: `Its owner can let you have it: domains:allow ${above.site} ${above.domain} ${claim.account.name}`,
      },
    )
}

/** Whose it is, only its owner and admins are told. */
function taken({ name, account }: Claim, { name: site, owner_id }: Site): HostingError {
  if (account.role !== 'admin' && account.id !== owner_id)
    return new HostingError('conflict', `${shownName(name)} is taken`, { hint: 'An admin can tell whose it is.' })
  return new HostingError('conflict', `${shownName(name)} is taken: ${site} answers to it`, {
    hint: site === name ? `info ${site}   shows that site.` : `domains:remove ${site} ${name}   frees it.`,
  })
}

/** What lies above the base domain: its owner could shadow every short name. */
function whyAdmins({ account, name, config }: Claim): string | undefined {
  return account.role !== 'admin' && config['base-domain'].endsWith(`.${hostOf(name)}`)
    ? 'lies above the names of the platform'
    : undefined
}

/** Nor any name above: where a wildcard leads, all below it leads. */
async function mustNotBeKept({ store, account, name }: Claim): Promise<void> {
  if (account.role === 'admin') return
  const above = [hostOf(name), ...namesAbove(name)]
  for (const each of new Set([name, ...above.flatMap((host) => [host, ...wildcardAt(host)])])) {
    const kept = await store.keptNames.find(each)
    if (kept !== undefined && kept.account_id !== account.id) throw isKept(name, kept)
  }
}

function isKept(name: DomainName, kept: { name: string; until: string }): HostingError {
  const what = kept.name === name ? 'was' : `lies below ${kept.name}, which was`
  return new HostingError(
    'conflict',
    `${shownName(name)} ${what} the name of a site that is gone, and is kept for its owner until ${kept.until.slice(0, 10)}`,
    { hint: 'An admin can give it to you before.' },
  )
}

export interface Above {
  readonly domain: string
  /** Whose it is. */
  readonly site: string
  /** Whether the account may take names below it. */
  readonly consents: boolean
}

/**
 * The nearest name above this one that is a domain of a site; a wildcard counts as its name does, also for that name itself.
 * Undefined for admins, and where nobody has one. The base domain itself is nobody's.
 */
export async function findOwnerAbove({ store, config, account, name }: Claim): Promise<Above | undefined> {
  if (account.role === 'admin') return undefined
  const below = isWildcard(name) ? [] : [hostOf(name)]
  for (const above of [...below, ...namesAbove(name)]) {
    if (above === config['base-domain']) return undefined
    for (const domain of [above, ...wildcardAt(above)]) {
      const site = domain === name ? undefined : await store.sites.findByDomain(domain)
      if (site === undefined) continue
      const consents = site.owner_id === account.id || (await store.consents.find(domain, account.id)) !== undefined
      return { domain, site: site.name, consents }
    }
  }
  return undefined
}

function wildcardAt(name: HostName): DomainName[] {
  return name.length + 2 > maxHostNameLength ? [] : [wildcardOf(name)]
}
