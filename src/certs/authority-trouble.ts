// Names whose last try failed by the CA, not by themselves: one success there tells that it is back, and they need not wait out their pause.
// Kept in memory: after a restart they wait as long as was written down.
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/store.ts'
import { fractionOf } from './plan/chance.ts'

export interface AuthorityTrouble {
  /** Became of a try of theirs. */
  note(names: readonly string[], isAuthority: boolean): void
  /** It has issued a certificate. */
  isOver(): Promise<void>
}

/** Each takes a part of this: a thousand names are not ordered in one moment. */
const shareMs = 500

export function createAuthorityTrouble({
  store: { wantedNames },
  clock,
}: {
  readonly store: Pick<Store, 'wantedNames'>
  readonly clock: Clock
}): AuthorityTrouble {
  const waiting = new Set<string>()
  return {
    note(names, isAuthority) {
      for (const name of names)
        if (isAuthority) waiting.add(name)
        else waiting.delete(name)
    },
    async isOver() {
      const names = [...waiting]
      waiting.clear()
      const now = clock.now().getTime()
      for (const name of names) {
        const row = await wantedNames.find(name)
        if (row === undefined || row.reason === null || row.next_at === null) continue
        // Those that were tried together have one time, and keep having one.
        const at = new Date(now + fractionOf(row.next_at) * (names.length - 1) * shareMs).toISOString()
        if (at < row.next_at) await wantedNames.update([name], { next_at: at })
      }
    },
  }
}
