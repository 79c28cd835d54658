// Puts the parts together: what was counted before a restart is known again before the first door opens.
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Store } from '../../store/store.ts'
import { AccountBlocks } from './account-blocks.ts'
import { failureRecord, restoreFailures } from './failure-record.ts'
import { createLogins, type Logins } from './logins.ts'
import { createPenalties } from './penalties.ts'
import { createLoginTroubles, type LoginTroubles } from './troubles.ts'

export interface Defence {
  readonly logins: Logins
  readonly loginTroubles: LoginTroubles
}

export async function openLogins(parts: { store: Store; clock: Clock; log: Log }): Promise<Defence> {
  const penalties = createPenalties(parts.clock)
  const blocks = new AccountBlocks(parts.clock)
  await restoreFailures(parts.store, { blocks, penalties })
  const inside = { ...parts, penalties, blocks, record: failureRecord(parts) }
  return { logins: await createLogins(inside), loginTroubles: createLoginTroubles(inside) }
}
