// What admins see of failed logins, and how they let somebody in again.
import type { Clock } from '../../lib/clock.ts'
import type { LoginFailure } from '../../store/login-failures.ts'
import type { Store } from '../../store/store.ts'
import { type AccountBlocks, forgottenAfterMs } from './account-blocks.ts'
import type { FailureRecord } from './failure-record.ts'
import type { Penalties } from './penalties.ts'
import { sourceOf } from './source.ts'

/** The latest first. `blockedUntil`: no wrong or right password counts from there, or for it, before. */
export interface LoginTrouble {
  readonly kind: LoginFailure['kind']
  readonly name: string
  readonly failures: number
  readonly lastAt: string
  readonly lastAddress: string
  readonly lastDoor: string
  readonly blockedUntil: string | null
}

export interface LoginTroubles {
  list(): Promise<LoginTrouble[]>
  /** Forgets the failures of an account or an address. @returns whether there were any */
  unblock(name: string): Promise<boolean>
}

interface Parts {
  readonly store: Pick<Store, 'loginFailures'>
  readonly clock: Clock
  readonly penalties: Penalties
  readonly blocks: AccountBlocks
  readonly record: FailureRecord
}

export function createLoginTroubles({ store, clock, penalties, blocks, record }: Parts): LoginTroubles {
  return {
    async list() {
      const since = clock.now().getTime() - forgottenAfterMs
      const rows = (await store.loginFailures.list()).filter(({ last_at }) => Date.parse(last_at) > since)
      return rows.map((row) => troubleOf(row, { clock, penalties }))
    },
    async unblock(name) {
      const subjects = [name, ...blocks.subjects().filter((subject) => subject.startsWith(`${name} from `))]
      const forgotten = subjects.map((subject) => blocks.forget(subject))
      const isListed = (await store.loginFailures.list()).some(
        (row) => row.name === name || row.name === sourceOf(name),
      )
      const forgiven = penalties.forgive(name)
      for (const subject of subjects) await record.forget('account', subject)
      await record.forget('address', sourceOf(name))
      return forgiven || isListed || forgotten.includes(true)
    },
  }
}

/** A debt that is below the threshold refuses nobody. */
function troubleOf(row: LoginFailure, { clock, penalties }: Pick<Parts, 'clock' | 'penalties'>): LoginTrouble {
  const now = clock.now().getTime()
  const until = row.blocked_until === null ? 0 : Date.parse(row.blocked_until)
  const isBlocked = row.kind === 'address' ? penalties.refusedForMs(row.name) > 0 : until > now
  return {
    ...{ kind: row.kind, name: row.name, failures: row.failures, lastAt: row.last_at },
    ...{ lastAddress: row.last_address, lastDoor: row.last_door, blockedUntil: isBlocked ? row.blocked_until : null },
  }
}
