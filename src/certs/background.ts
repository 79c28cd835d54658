// The part that nobody waits for: takes up what is due, a few groups at a time, and sleeps until the next is. It reads the due rows by
// their index, so a pass costs the same with ten names and with ten thousand.
import { pause } from '../lib/pause.ts'
import type { AcmeOrder } from '../store/acme.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { type Attendants, createAttendants } from './attendants.ts'
import { registeredDomainOf } from './order.ts'
import type { CertParts } from './parts.ts'
import { groupNames } from './plan/grouping.ts'

export interface Background {
  /** Something is due: looks now. */
  poke(): void
  /** Attends to names in its turn, with others that share their certificate; resolves when that is done. */
  attendNow(names: readonly WantedName[], force: boolean): Promise<void>
  /** Asked for by hand: once more, before its time. Nobody waits for it. */
  tryNow(names: readonly WantedName[]): void
  /** Goes on with an order that the last end of the platform has interrupted. */
  resume(row: AcmeOrder): void
  start(): void
  stop(): Promise<void>
}

const portion = 200
const longestSleepMs = 3_600_000
/** `domains:add` of a name and its `www` come one after the other and are to share a certificate. */
const gatheringMs = 30
/** After a pass that failed as a whole (the database is locked, say). */
const afterTroubleMs = 5000

export function createBackground(parts: CertParts): Background {
  const controller = new AbortController()
  let wake = new AbortController()
  let loop: Promise<void> | undefined
  const poke = () => wake.abort()
  const attendants = createAttendants({ ...parts, signal: controller.signal }, poke)
  const run = async () => {
    while (!controller.signal.aborted) {
      wake = new AbortController()
      const sleepMs = await takeUp(parts, attendants).catch((error: unknown) => {
        parts.log.error({ err: error }, 'certificates: looking for what is due failed')
        return afterTroubleMs
      })
      await pause(parts.clock, sleepMs, AbortSignal.any([wake.signal, controller.signal]))
      await pause(parts.clock, gatheringMs, controller.signal)
    }
  }
  return {
    poke,
    attendNow: (names, force) => attendants.attendNow(names, force),
    tryNow: (names) => attendants.tryNow(names),
    resume: (row) => attendants.resume(row),
    start() {
      loop ??= run()
    },
    async stop() {
      controller.abort(new Error('the platform is being stopped'))
      await loop
      await attendants.ended()
    },
  }
}

/** @returns how long to sleep */
async function takeUp({ store, clock }: CertParts, attendants: Attendants): Promise<number> {
  const due = await store.wantedNames.due(clock.now(), portion)
  const free = due.filter(({ name }) => !attendants.isBusy(name))
  for (const group of groupNames(free.map(groupable), registeredDomainOf))
    attendants.attend(group.map(({ row }) => row))
  const next = await store.wantedNames.nextAt()
  const ms = next === undefined ? longestSleepMs : next.getTime() - clock.now().getTime()
  // What is due and busy pokes when it is done.
  return Math.min(Math.max(ms, due.length > 0 ? afterTroubleMs : gatheringMs), longestSleepMs)
}

function groupable(row: WantedName) {
  return { row, name: row.name, siteId: row.site_id, certificateId: row.certificate_id, apart: row.apart === 1 }
}
