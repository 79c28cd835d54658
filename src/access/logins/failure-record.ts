// Wrong passwords as they are kept in the database: a restart forgets no block, and admins can see what is going on.
import type { Clock } from '../../lib/clock.ts'
import type { LoginFailure } from '../../store/login-failures.ts'
import type { Store } from '../../store/store.ts'
import { type AccountBlocks, forgottenAfterMs } from './account-blocks.ts'
import type { Penalties } from './penalties.ts'

const mostRows = 10_000
const pruneEvery = 200

type Kind = LoginFailure['kind']

interface Facts {
  readonly address: string
  readonly door: string
  readonly blockedUntil: number
}

export interface FailureRecord {
  put(kind: Kind, name: string, facts: Facts & { failures: number }): Promise<void>
  /** One more than there were. */
  count(kind: Kind, name: string, facts: Facts): Promise<void>
  forget(kind: Kind, name: string): Promise<void>
}

export function failureRecord({ store, clock }: { store: Pick<Store, 'loginFailures'>; clock: Clock }): FailureRecord {
  const counts = new Map<string, number>()
  let written = 0
  const put: FailureRecord['put'] = async (kind, name, { address, door, failures, blockedUntil }) => {
    if (written++ % pruneEvery === 0) await prune({ store, clock })
    await store.loginFailures.put({
      ...{ kind, name, failures, last_at: clock.now().toISOString() },
      ...{ last_address: address, last_door: door },
      blocked_until: blockedUntil === 0 ? null : new Date(blockedUntil).toISOString(),
    })
  }
  return {
    put,
    async count(kind, name, facts) {
      if (counts.size > mostRows) counts.clear()
      const failures = (counts.get(name) ?? 0) + 1
      counts.set(name, failures)
      await put(kind, name, { ...facts, failures })
    },
    async forget(kind, name) {
      counts.delete(name)
      await store.loginFailures.remove(kind, name)
    },
  }
}

async function prune({ store, clock }: { store: Pick<Store, 'loginFailures'>; clock: Clock }): Promise<void> {
  await store.loginFailures.prune(new Date(clock.now().getTime() - forgottenAfterMs), mostRows)
}

/** At start-up. */
export async function restoreFailures(
  store: Pick<Store, 'loginFailures'>,
  { blocks, penalties }: { blocks: AccountBlocks; penalties: Penalties },
): Promise<void> {
  for (const row of (await store.loginFailures.list()).toReversed()) {
    const blockedUntil = row.blocked_until === null ? 0 : Date.parse(row.blocked_until)
    if (row.kind === 'address') penalties.restore(row.name, new Date(blockedUntil))
    else blocks.restore(row.name, { failures: row.failures, lastAt: Date.parse(row.last_at), blockedUntil })
  }
}
