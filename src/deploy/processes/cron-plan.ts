// When the cron entries of a site are due. Pure.
import { createHash } from 'node:crypto'
import { type CronEntry, nextTime } from '../../buildpacks/schedule.ts'

/** Everybody writes `0 * * * *`: each site has its own moment in these seconds, the same each time. */
const spreadMs = 15_000

export interface Planned {
  /** As `cron SITE` lists it, from 1. */
  readonly number: number
  readonly entry: CronEntry
  readonly siteId: number
  readonly delayMs: number
  /** Milliseconds; undefined: never again. */
  due: number | undefined
}

export function plan(
  site: { readonly id: number; readonly name: string },
  entries: readonly CronEntry[],
  now: Date,
): Planned[] {
  const delayMs = delayOf(site.name)
  return entries.map((entry, index) => ({
    ...{ number: index + 1, entry, siteId: site.id, delayMs },
    due: nextDue(entry, delayMs, now),
  }))
}

/** After `now`. An entry whose time has come but whose delay has not passed is still due. */
export function nextDue(entry: CronEntry, delayMs: number, now: Date): number | undefined {
  const next = nextTime(entry, new Date(now.getTime() - delayMs))
  return next === undefined ? undefined : next.getTime() + delayMs
}

export function delayOf(site: string): number {
  return createHash('sha256').update(site).digest().readUInt32BE() % spreadMs
}

/** What makes two entries one: of a release and the one after it, or in the table of runs. */
export function entryKey({ schedule, command }: CronEntry): string {
  return JSON.stringify([schedule, command])
}
