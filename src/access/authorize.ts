// The one question of permission: may this account do this to this site? What is not listed is denied. Whoever came with an app token
// may do what the token says as far as its account may.
import { HostingError } from '../errors/hosting-error.ts'
import type { Account } from '../store/accounts.ts'
import type { GrantRole, TokenRight } from '../store/schema.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'

/** Least role that an action on a site needs. `owner` includes admins, `write` includes owners, `read` includes writers. */
const siteActions = {
  'site:read': 'read',
  'site:push': 'write',
  'site:operate': 'write',
  'site:configure': 'owner',
  'site:destroy': 'owner',
} as const
/** Least role that an action on the platform needs. */
const platformActions = {
  'site:create': 'user',
  'account:manage': 'admin',
  'platform:read': 'admin',
  'platform:change': 'admin',
} as const

/** What a token may do to its sites. One that may write all sites may make new ones, too; and that is all. */
const tokenActions = { read: ['site:read'], write: ['site:read', 'site:push'] } as const

/** What the token that somebody came with is for. */
export interface Scope {
  readonly token: string
  readonly may: TokenRight
  /** Their ids. */
  readonly sites: 'all' | readonly number[]
}

/** An account as it came in. */
export type Actor = Account & { readonly scope?: Scope }

export type SiteAction = keyof typeof siteActions
export type PlatformAction = keyof typeof platformActions

const rank = { none: 0, read: 1, write: 2, owner: 3 } as const

/** @throws HostingError not-found when the account may not even see the site, forbidden when it may see but not do */
export async function authorize(
  store: Store,
  account: Actor,
  { action, site }: { action: SiteAction; site: Site },
): Promise<void> {
  mustBeInScope(account.scope, action, site)
  const role = await roleOn(store, account, site)
  if (role === 'none') throw noSuchSite(site.name)
  if (rank[role] >= rank[siteActions[action]]) return
  throw new HostingError(
    'forbidden',
    `${account.name} may ${role} ${site.name}, and this needs ${siteActions[action]}`,
    {
      hint:
        siteActions[action] === 'owner'
          ? `access ${site.name}   shows who its owner is.`
          : `Its owner can change that: access:add ${site.name} ${account.name} --role write`,
    },
  )
}

/** A site that a token is not for is hidden from it. */
export function isInScope(scope: Scope | undefined, { id }: Pick<Site, 'id'>): boolean {
  return scope === undefined || scope.sites === 'all' || scope.sites.includes(id)
}

function mustBeInScope(scope: Scope | undefined, action: SiteAction, site: Site): void {
  if (!isInScope(scope, site)) throw noSuchSite(site.name)
  if (scope === undefined) return
  if (tokenActions[scope.may].some((allowed) => allowed === action)) return
  throw new HostingError('forbidden', `The token ${scope.token} may only ${scope.may} ${site.name}`, {
    hint:
      action === 'site:push'
        ? `tokens:add --site ${site.name} --write   makes one that may.`
        : 'Log in with a key or a password for that.',
  })
}

/** What everybody may do with their own account, but no token: it could make itself a key. @throws HostingError forbidden */
export function authorizeOwn({ scope }: Actor): void {
  if (scope === undefined) return
  throw new HostingError('forbidden', `The token ${scope.token} is for the sources of sites only`, {
    hint: 'Log in with a key or a password for that.',
  })
}

/** @throws HostingError forbidden */
export function authorizePlatform(account: Actor, action: PlatformAction): void {
  if (action !== 'site:create' || account.scope?.may !== 'write' || account.scope.sites !== 'all') authorizeOwn(account)
  if (account.role === 'admin' || platformActions[action] === 'user') return
  throw new HostingError('forbidden', `Only an admin may do this, and ${account.name} is not one`, {
    hint: 'help lists what you can do.',
  })
}

/** The same answer for a site that does not exist and one that is hidden. */
export function noSuchSite(name: string): HostingError {
  return new HostingError('not-found', `There is no site ${name} that you can use`, {
    hint: 'sites lists yours; a first push makes a new one.',
  })
}

async function roleOn(store: Store, account: Account, site: Site): Promise<GrantRole | 'owner' | 'none'> {
  if (account.role === 'admin' || site.owner_id === account.id) return 'owner'
  return (await store.grants.find(site.id, account.id))?.role ?? 'none'
}
