// Several sites pushed to in turns, so that whatever else the machine does falls on all of them.
import { setTimeout as delay } from 'node:timers/promises'
import { execOk } from '../../src/lib/exec.ts'
import type { Run } from './result.ts'

/** Until a push's drain is over and the instance for the next one waits: outside of what is timed. */
const settleMs = 2000

interface Turn {
  /** Milliseconds. */
  push(): Promise<number>
  close(): void
}

/** Pushes to each site in turn; the first round doesn't count. */
export async function takeTurns<Key extends string>(
  sites: Readonly<Record<Key, Turn>>,
  turns: number,
): Promise<Record<Key, number[]>> {
  const keys = Object.keys(sites) as Key[]
  const times = Object.fromEntries(keys.map((key) => [key, []])) as unknown as Record<Key, number[]>
  for (let turn = 0; turn <= turns; turn++) {
    for (const key of turn % 2 === 0 ? keys : keys.toReversed()) {
      await settle()
      const ms = await sites[key].push()
      if (turn > 0) times[key].push(ms)
    }
  }
  for (const key of keys) sites[key].close()
  return times
}

/** What one wrote must not have to be flushed by the other. */
async function settle(): Promise<void> {
  await delay(settleMs)
  await execOk('sync', [])
}

export function beside(values: readonly number[], floors: readonly number[]): Run[] {
  return values.map((value, index) => ({ value, floor: floors[index]! }))
}
