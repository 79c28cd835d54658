// Notes when a key, a password or a token was last used: in nobody's way, and at most once a minute each.
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Store } from '../../store/store.ts'
import type { Credential } from './credential.ts'

const noteEveryMs = 60_000

interface Parts {
  readonly store: Pick<Store, 'keys' | 'passwords' | 'tokens'>
  readonly clock: Clock
  readonly log: Log
}

/** Returns a function to call at each login. */
export function createUse({ store, clock, log }: Parts): (credential: Credential) => void {
  /** As many entries as there are credentials, at most. */
  const notedAt = new Map<string, number>()
  return (credential) => {
    const now = clock.now().getTime()
    const name = nameOf(credential)
    if (now - (notedAt.get(name) ?? -Infinity) < noteEveryMs) return
    notedAt.set(name, now)
    note(credential, store).catch((error: unknown) => log.warn({ err: error, name }, 'a login was not noted'))
  }
}

function nameOf(credential: Credential): string {
  if (credential.kind === 'key') return credential.fingerprint
  return credential.kind === 'token' ? `token ${credential.id}` : `password ${credential.accountId}`
}

async function note(credential: Credential, store: Parts['store']): Promise<void> {
  if (credential.kind === 'key') await store.keys.used(credential.fingerprint)
  else if (credential.kind === 'token') await store.tokens.used(credential.id)
  else await store.passwords.used(credential.accountId)
}
