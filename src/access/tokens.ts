// App tokens: secrets for one program, for some sites, for some time. A hash of each is kept: 256 random bits need no slow one.
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Account } from '../store/accounts.ts'
import type { TokenRight } from '../store/schema.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import type { Token } from '../store/tokens.ts'
import { HostingError } from '../errors/hosting-error.ts'
import type { Scope } from './authorize.ts'

/** So that people, and programs that look for secrets that got out, know one when they see it. */
const prefix = 'hosting_'
const pattern = new RegExp(`^${prefix}[A-Za-z0-9_-]{43}$`)

export interface NewToken {
  readonly account: Account
  readonly comment: string
  readonly may: TokenRight
  readonly sites: 'all' | readonly Site[]
  readonly expiresAt: Date | undefined
}

export function looksLikeToken(secret: string): boolean {
  return pattern.test(secret)
}

/** @returns the secret, for the last time */
export async function addToken(
  store: Store,
  { account, comment, may, sites, expiresAt }: NewToken,
): Promise<{ secret: string; token: Token }> {
  const secret = prefix + randomBytes(32).toString('base64url')
  const token = await store.transaction(async (inside) => {
    const added = await inside.tokens.add({
      ...{ id: randomBytes(4).toString('hex'), account_id: account.id, hash: hashOf(secret), comment, may },
      ...{ all_sites: sites === 'all' ? 1 : 0, expires_at: expiresAt?.toISOString() ?? null },
    })
    for (const site of sites === 'all' ? [] : sites) await inside.tokens.addSite(added.id, site.id)
    return added
  })
  return { secret, token }
}

/** One that has not expired. Looked up by its hash, so that how long it takes tells nothing. */
export async function findToken(
  { store, clock }: { store: Pick<Store, 'tokens'>; clock: Clock },
  secret: string,
): Promise<Token | undefined> {
  const token = await store.tokens.find(hashOf(secret))
  return token !== undefined && isCurrent(token, clock) ? token : undefined
}

export function isCurrent({ expires_at }: Token, clock: Clock): boolean {
  return expires_at === null || Date.parse(expires_at) > clock.now().getTime()
}

export async function scopeOf(store: Pick<Store, 'tokens'>, { id, may, all_sites }: Token): Promise<Scope> {
  if (all_sites === 1) return { token: id, may, sites: 'all' }
  return { token: id, may, sites: (await store.tokens.sitesOf(id)).map((site) => site.id) }
}

/** @throws HostingError not-found */
export async function getToken(store: Pick<Store, 'tokens'>, account: Account, id: string): Promise<Token> {
  const token = await store.tokens.get(id)
  if (token?.account_id === account.id) return token
  throw new HostingError('not-found', `${account.name} has no token ${id.slice(0, 80)}`, { hint: 'tokens lists them.' })
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
