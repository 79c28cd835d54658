// Making and removing accounts. There is always an admin, and a site always has an owner.
import { HostingError } from '../errors/hosting-error.ts'
import type { Account } from '../store/accounts.ts'
import type { Role } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { addKey } from './keys.ts'

export interface NewAccount {
  readonly name: string
  readonly role: Role
  /** Public keys as pasted; none, or one that is refused, leaves no account behind. */
  readonly keys: readonly string[]
}

/** @throws HostingError conflict when the name or a key is taken, invalid-key */
export async function addAccount(store: Store, { name, role, keys }: NewAccount): Promise<Account> {
  return await store.transaction(async (inside) => {
    if ((await inside.accounts.find(name)) !== undefined)
      throw new HostingError('conflict', `There is an account ${name} already`, { hint: 'accounts lists them.' })
    const account = await inside.accounts.add(name, role)
    for (const key of keys) await addKey(inside, account, key)
    return account
  })
}

/** @throws HostingError not-found */
export async function getAccount(store: Pick<Store, 'accounts'>, name: string): Promise<Account> {
  const account = await store.accounts.find(name)
  if (account !== undefined) return account
  throw new HostingError('not-found', `There is no account ${name.slice(0, 80)}`, {
    hint: 'An admin can make one: accounts:add NAME',
  })
}

/** @throws HostingError not-found, or conflict when it owns sites or is the last admin */
export async function removeAccount(store: Store, name: string): Promise<Account> {
  return await store.transaction(async (inside) => {
    const account = await getAccount(inside, name)
    const admins = (await inside.accounts.list()).filter(({ role }) => role === 'admin')
    if (account.role === 'admin' && admins.length === 1)
      throw new HostingError('conflict', `${name} is the last admin`, { hint: 'accounts:add NAME --role admin' })
    const owned = (await inside.sites.listFor(account.id)).filter(({ owner_id }) => owner_id === account.id)
    if (owned.length > 0) throw ownsSites(name, owned)
    await inside.accounts.remove(account.id)
    return account
  })
}

function ownsSites(name: string, owned: readonly { name: string }[]): HostingError {
  const shown = owned.slice(0, 10).map((site) => site.name)
  return new HostingError('conflict', `${name} still owns ${owned.length === 1 ? 'a site' : `${owned.length} sites`}`, {
    details: owned.length > shown.length ? [...shown, '…'] : shown,
    hint: 'Remove them first: destroy SITE',
  })
}
