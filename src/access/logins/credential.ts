// What somebody came in with. It is looked at again each time that something is asked for: what was taken away opens nothing any more.
import type { Clock } from '../../lib/clock.ts'
import type { Store } from '../../store/store.ts'
import type { Actor } from '../authorize.ts'
import { isCurrent, scopeOf } from '../tokens.ts'

export type Credential =
  | { readonly kind: 'key'; readonly fingerprint: string }
  | { readonly kind: 'password'; readonly accountId: number; readonly changedAt: string }
  | { readonly kind: 'token'; readonly id: string }

interface Parts {
  readonly store: Pick<Store, 'accounts' | 'keys' | 'passwords' | 'tokens'>
  readonly clock: Clock
}

/** Undefined when the key, the password or the token is gone, was changed, or has expired. */
export async function findActor(credential: Credential, parts: Parts): Promise<Actor | undefined> {
  const { store } = parts
  if (credential.kind === 'token') return await byToken(credential.id, parts)
  if (credential.kind === 'key') {
    const key = await store.keys.find(credential.fingerprint)
    return key && (await store.accounts.get(key.account_id))
  }
  const password = await store.passwords.find(credential.accountId)
  return password?.changed_at === credential.changedAt ? await store.accounts.get(credential.accountId) : undefined
}

async function byToken(id: string, { store, clock }: Parts): Promise<Actor | undefined> {
  const token = await store.tokens.get(id)
  if (token === undefined || !isCurrent(token, clock)) return undefined
  return { ...(await store.accounts.get(token.account_id)), scope: await scopeOf(store, token) }
}
