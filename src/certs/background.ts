// The part that nobody waits for: takes up what is due, a few groups at a time, and sleeps until the next is. It reads the due rows by
// their index, so a pass costs the same with ten names and with ten thousand.
import { createLimit } from '../lib/limit.ts'
import { pause } from '../lib/pause.ts'
import type { AcmeOrder } from '../store/acme.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { attend } from './attend.ts'
import { verdictOn, writeVerdict } from './failure.ts'
import { namesOf } from './order-row.ts'
import { carryOut, registeredDomainOf } from './order.ts'
import type { CertParts } from './parts.ts'
import { groupNames } from './plan/grouping.ts'

export interface Background {
  /** Something is due: looks now. */
  poke(): void
  /** Attends to names in its turn, with others that share their certificate; resolves when that is done. */
  attendNow(names: readonly WantedName[], force: boolean): Promise<void>
  /** Goes on with an order that the last end of the platform has interrupted. */
  resume(row: AcmeOrder): void
  start(): void
  stop(): Promise<void>
}

const atOnce = 4
const portion = 200
const longestSleepMs = 3_600_000
/** `domains:add` of a name and its `www` come one after the other and are to share a certificate. */
const gatheringMs = 30
/** After a pass that failed as a whole (the database is locked, say). */
const afterTroubleMs = 5000

export function createBackground(parts: CertParts): Background {
  const controller = new AbortController()
  const limit = createLimit(atOnce)
  const busy = new Map<string, Promise<void>>()
  let wake = new AbortController()
  let loop: Promise<void> | undefined
  const poke = () => wake.abort()

  const occupy = (names: readonly string[], work: () => Promise<void>): Promise<void> => {
    const task = limit(work).finally(() => {
      for (const name of names) busy.delete(name)
      poke()
    })
    for (const name of names) busy.set(name, task)
    return task
  }
  const attendTo = (group: readonly WantedName[], force: boolean): Promise<void> =>
    occupy(
      group.map(({ name }) => name),
      async () => {
        try {
          await attend(group, { ...parts, signal: controller.signal, force })
        } catch (error) {
          // Whatever it was: it is not done again at once and for ever.
          if (!controller.signal.aborted)
            await writeVerdict(
              group,
              verdictOn(error, () => undefined),
              parts,
            )
          throw error
        }
      },
    )
  const report = (error: unknown) => {
    if (!controller.signal.aborted) parts.log.error({ err: error }, 'certificates: a group failed')
  }
  const takeUp = async () => {
    const due = await parts.store.wantedNames.due(parts.clock.now(), portion)
    const free = due.filter(({ name }) => !busy.has(name))
    for (const group of groupNames(free.map(groupable), registeredDomainOf))
      attendTo(
        group.map(({ row }) => row),
        false,
      ).catch(report)
  }
  const sleepMs = async () => {
    const next = await parts.store.wantedNames.nextAt()
    const ms = next === undefined ? longestSleepMs : next.getTime() - parts.clock.now().getTime()
    // What is due and busy pokes when it is done.
    return Math.min(Math.max(ms, busy.size > 0 ? afterTroubleMs : gatheringMs), longestSleepMs)
  }
  const run = async () => {
    while (!controller.signal.aborted) {
      wake = new AbortController()
      const sleep = await takeUp().then(sleepMs, (error: unknown) => {
        parts.log.error({ err: error }, 'certificates: looking for what is due failed')
        return afterTroubleMs
      })
      await pause(parts.clock, sleep, AbortSignal.any([wake.signal, controller.signal]))
      if (!controller.signal.aborted) await pause(parts.clock, gatheringMs, controller.signal)
    }
  }
  return {
    poke,
    async attendNow(names, force) {
      await Promise.all(names.map(({ name }) => busy.get(name)?.catch(() => undefined)))
      await attendTo(names, force)
    },
    resume(row) {
      const { server } = parts
      if (server === undefined || server.directory !== row.directory) return
      occupy(namesOf(row), () => carryOut(row, new Map(), { ...parts, server, signal: controller.signal })).catch(
        report,
      )
    },
    start() {
      loop ??= run()
    },
    async stop() {
      controller.abort(new Error('the platform is being stopped'))
      await loop
      await Promise.allSettled(busy.values())
    },
  }
}

function groupable(row: WantedName) {
  return { row, name: row.name, siteId: row.site_id, certificateId: row.certificate_id, apart: row.apart === 1 }
}
