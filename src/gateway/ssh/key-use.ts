// Notes when a key was last used: in nobody's way, and at most once a minute a key.
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Store } from '../../store/store.ts'

const noteEveryMs = 60_000

/** Returns a function to call at each login. */
export function createKeyUse({
  store,
  clock,
  log,
}: {
  store: Store
  clock: Clock
  log: Log
}): (fingerprint: string) => void {
  /** As many entries as there are keys, at most. */
  const notedAt = new Map<string, number>()
  return (fingerprint) => {
    const now = clock.now().getTime()
    if (now - (notedAt.get(fingerprint) ?? -Infinity) < noteEveryMs) return
    notedAt.set(fingerprint, now)
    store.keys
      .used(fingerprint)
      .catch((error: unknown) => log.warn({ err: error, fingerprint }, 'use of a key not noted'))
  }
}
