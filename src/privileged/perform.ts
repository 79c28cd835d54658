// Carries the verbs out, one at a time for a site. Called in the daemon's own process, and by the process that the daemon asks (serve.ts).
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { discard, settle, sweep, unmountAll } from './storage/discard.ts'
import { ensure, type Rights, type StorageContext } from './storage/ensure.ts'
import { seed } from './storage/seed.ts'
import { survey } from './storage/survey.ts'
import type { Privileged } from './verbs.ts'

export interface Performing extends Privileged {
  /** Ends all mounts. */
  unmountAll(): Promise<void>
}

export function createPerforming(context: StorageContext): Performing {
  const inTurn = createTurns()
  const { storage } = context
  const done = {}
  return {
    ensure: (takes) => inTurn(takes.site.name, () => ensure(takes, context)),
    seed: (takes) =>
      inTurn(takes.site.name, async () => {
        await ensure(takes, context)
        return await seed(takes, context)
      }),
    survey: (takes) => inTurn(takes.site.name, () => survey(takes, context)),
    discard: (takes) => inTurn(takes.name, () => discard(takes, storage).then(() => done)),
    sweep: () => sweep(storage).then(() => done),
    settle: (takes) => settle(takes, storage).then(() => done),
    unmountAll: () => unmountAll(storage),
  }
}

/** Makes what is done for one name wait for what was begun before. */
function createTurns() {
  const last = new Map<string, Promise<unknown>>()
  return async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work)
    last.set(name, turn)
    try {
      return await turn
    } finally {
      if (last.get(name) === turn) last.delete(name)
    }
  }
}

const sysAdmin = 21n

/** What this process may do. Root in a container often may not mount. */
export async function findRights(): Promise<Rights> {
  const root = process.geteuid?.() === 0
  if (!root) return { root, mounts: false }
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0'
  const hasLoops = access('/dev/loop-control', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
  return { root, mounts: ((BigInt(`0x${effective}`) >> sysAdmin) & 1n) === 1n && (await hasLoops) }
}
