// The keys that open the door for an account. A key belongs to one account only: it says who somebody is.
import { HostingError } from '../errors/hosting-error.ts'
import type { Account } from '../store/accounts.ts'
import type { Key } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { parsePublicKey } from './public-key.ts'

/** @throws HostingError invalid-key, or conflict when an account has it already */
export async function addKey(store: Pick<Store, 'keys'>, account: Account, text: string): Promise<Key> {
  const { fingerprint, publicKey, comment } = parsePublicKey(text)
  const taken = await store.keys.find(fingerprint)
  if (taken !== undefined) throw keyTaken(fingerprint, taken.account_id === account.id)
  return await store.keys.add({ fingerprint, account_id: account.id, public_key: publicKey, comment })
}

function keyTaken(fingerprint: string, own: boolean): HostingError {
  return own
    ? new HostingError('conflict', `The key ${fingerprint} is there already`, { hint: 'keys lists them.' })
    : new HostingError('conflict', `The key ${fingerprint} belongs to another account`, {
        hint: 'A key says who somebody is. Make another pair: ssh-keygen -t ed25519',
      })
}

/**
 * Finds a key of an account by its fingerprint, by the start of it, or by its comment.
 * @throws HostingError not-found, or conflict when more than one fits
 */
export async function findKey(store: Pick<Store, 'keys'>, account: Account, typed: string): Promise<Key> {
  const keys = await store.keys.listOf(account.id)
  const start = `SHA256:${typed.replace(/^SHA256:/, '')}`
  const fitting = keys.filter((key) => key.fingerprint.startsWith(start) || key.comment === typed)
  const [key] = fitting
  if (key === undefined)
    throw new HostingError('not-found', `${account.name} has no key ${typed.slice(0, 80)}`, {
      hint: 'keys lists them.',
    })
  if (fitting.length > 1)
    throw new HostingError('conflict', `${typed.slice(0, 80)} fits more than one key of ${account.name}`, {
      details: fitting.map((each) => `${each.fingerprint}  ${each.comment}`),
      hint: 'Give more of the fingerprint.',
    })
  return key
}
