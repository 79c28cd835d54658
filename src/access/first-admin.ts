// The first admin: whoever starts the platform, known by their own SSH keys. Read again at each start, so that a new key of
// theirs works after the next one, and never a key that belongs to somebody else.
import type { Account } from '../store/accounts.ts'
import type { Store } from '../store/store.ts'
import { addAccount } from './accounts.ts'
import { addKey } from './keys.ts'
import { parsePublicKey } from './public-key.ts'

export interface FirstAdmin {
  readonly store: Store
  /** Texts of *.pub files and of authorized_keys, many lines each. */
  readonly keys: readonly string[]
  readonly name: string
}

/** Idempotent. Undefined: there is no admin and no key to make one with. */
export async function ensureFirstAdmin({ store, keys, name }: FirstAdmin): Promise<Account | undefined> {
  const usable = keys.flatMap((text) => text.split('\n')).flatMap(usableKey)
  const account = await store.accounts.find(name)
  const admins = (await store.accounts.list()).filter(({ role }) => role === 'admin')
  if (account === undefined && (admins.length > 0 || usable.length === 0)) return admins[0]
  const admin = account ?? (await addAccount(store, { name, role: 'admin', keys: [] }))
  if (admin.role !== 'admin') return admins[0]
  for (const line of usable) await addUnlessTaken(store, admin, line)
  return admin
}

/** A line that is empty, a comment, restricted by options or of a kind that is not accepted makes nobody an admin. */
function usableKey(line: string): string[] {
  try {
    parsePublicKey(line)
    return [line]
  } catch {
    return []
  }
}

async function addUnlessTaken(store: Store, admin: Account, line: string): Promise<void> {
  const { fingerprint } = parsePublicKey(line)
  if ((await store.keys.find(fingerprint)) === undefined) await addKey(store, admin, line)
}
