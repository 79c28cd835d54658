// Groups of names that are attended to right now: a few at a time, and no name by two at once.
import { createLimit } from '../lib/limit.ts'
import { pause } from '../lib/pause.ts'
import type { AcmeOrder } from '../store/acme.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { attend } from './attend.ts'
import { verdictOn, writeVerdict } from './failure.ts'
import { namesOf } from './order-row.ts'
import { carryOut } from './order.ts'
import type { CertParts } from './parts.ts'

export interface Attendants {
  isBusy(name: string): boolean
  /** Nobody waits for it; what goes wrong is logged. */
  attend(group: readonly WantedName[]): void
  /** Once nobody else is busy with them. */
  attendNow(group: readonly WantedName[], force: boolean): Promise<void>
  /** As `attend`, by hand; what is under way is enough. */
  tryNow(group: readonly WantedName[]): void
  resume(row: AcmeOrder): void
  ended(): Promise<void>
}

type Attending = CertParts & { readonly signal: AbortSignal }

interface Manner {
  readonly force: boolean
  readonly isByHand: boolean
}

const atOnce = 4

export function createAttendants(parts: Attending, done: () => void): Attendants {
  const limit = createLimit(atOnce)
  const busy = new Map<string, Promise<void>>()
  const occupy = (names: readonly string[], work: () => Promise<void>): Promise<void> => {
    const task = limit(work).finally(() => {
      for (const name of names) busy.delete(name)
      done()
    })
    for (const name of names) busy.set(name, task)
    return task
  }
  const attendTo = (group: readonly WantedName[], { force, isByHand }: Manner): Promise<void> =>
    occupy(
      group.map(({ name }) => name),
      () => attendOnce(group, { ...parts, force, isByHand }),
    )
  const report = (error: unknown) => {
    if (!parts.signal.aborted) parts.log.error({ err: error }, 'certificates: a group failed')
  }
  return {
    isBusy: (name) => busy.has(name),
    attend: (group) => void attendTo(group, { force: false, isByHand: false }).catch(report),
    tryNow(group) {
      if (group.some(({ name }) => busy.has(name))) return
      attendTo(group, { force: false, isByHand: true }).catch(report)
    },
    async attendNow(group, force) {
      await Promise.allSettled(group.flatMap(({ name }) => busy.get(name) ?? []))
      await attendTo(group, { force, isByHand: true })
    },
    resume(row) {
      const { server } = parts
      if (server === undefined || server.directory !== row.directory) return
      occupy(namesOf(row), () => carryOut(row, new Map(), { ...parts, server })).catch(report)
    },
    async ended() {
      await Promise.allSettled([...busy.values()])
    },
  }
}

/** When even that can't be written down (a full disk): what is due stays due, and would be taken up again at once. */
const calmDown = ({ clock, signal }: Attending) => pause(clock, 30_000, signal)

/** Whatever goes wrong: it is not done again at once and for ever. */
async function attendOnce(group: readonly WantedName[], parts: Attending & Manner): Promise<void> {
  try {
    await attend(group, parts)
  } catch (error) {
    const verdict = verdictOn(error, () => undefined)
    if (!parts.signal.aborted)
      await writeVerdict(group, verdict, parts).catch(async () => {
        // Somebody waits for the answer.
        if (!parts.isByHand) await calmDown(parts)
      })
    throw error
  }
}
