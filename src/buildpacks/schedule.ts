// When a cron entry is due: five crontab fields and a time zone. What is finer than a minute, never comes, or is no time is refused.
import { Cron } from 'croner'

export interface CronEntry {
  readonly schedule: string
  readonly command: string
  /** IANA name; left out: UTC. */
  readonly timezone?: string | undefined
}

type Times = Pick<CronEntry, 'schedule' | 'timezone'>

const advice = 'write five fields, minute hour day month weekday, such as "*/5 * * * *"'

/** Strictly after `after`; undefined when it never comes. */
export function nextTime({ schedule, timezone = 'UTC' }: Times, after: Date): Date | undefined {
  return new Cron(schedule, { mode: '5-part', timezone, paused: true }).nextRun(after) ?? undefined
}

/** What is wrong with a schedule, and what to write instead; undefined when it can be kept. */
export function findScheduleProblem(schedule: string, now = new Date()): string | undefined {
  try {
    return nextTime({ schedule }, now) === undefined ? `"${schedule}" never comes: ${advice}` : undefined
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return `"${schedule}" is no schedule (${explain(error, schedule)}): ${advice}`
  }
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The library's messages name itself, and its own options where the number of fields is wrong. */
function explain({ message }: Error, schedule: string): string {
  const fields = schedule.trim().split(/\s+/).length
  if (fields !== 5 && !schedule.startsWith('@')) return `it has ${fields} field${fields === 1 ? '' : 's'}`
  if (schedule.startsWith('@')) return 'there is no such name'
  return message
    .replace(/^CronPattern: /, '')
    .replace(/\.$/, '')
    .replace(/^(?=[A-Z][a-z])./, (letter) => letter.toLowerCase())
}
