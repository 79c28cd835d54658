// What the rest of the platform asks of a site's processes, and what is told about them.
import type { CronResult } from '../../store/schema.ts'
import type { Site } from '../../store/sites.ts'
import type { Parts } from '../parts.ts'
import type { Print } from '../types.ts'
import type { CronEnd } from './cron-run.ts'

export interface Processes {
  /** Brings all sites' processes back, and goes on to look after them. Until then `follow` does nothing. */
  start(parts: Parts): Promise<void>
  /** To be called whenever another instance is live, or none any more: its site's processes become those of what is live now. */
  follow(siteId: number): void
  /** Ends the processes of a site that is being destroyed. */
  end(siteId: number): Promise<void>
  survey(site: Site): Promise<ProcessSurvey>
  /** Runs a cron entry now. @throws HostingError not-found, busy */
  runCron(site: Site, number: number, print: Print): Promise<CronEnd>
}

export interface WorkerState {
  readonly name: string
  readonly state: 'running' | 'waiting'
  readonly startedAt: string | null
  /** Of its last end, with `waiting`; null: it could not be started. */
  readonly exitCode: number | null
  /** When it is started again, with `waiting`. */
  readonly nextAt: string | null
}

export interface CronState {
  readonly number: number
  readonly schedule: string
  readonly timezone: string
  readonly command: string
  readonly running: boolean
  readonly nextAt: string | null
  readonly last: {
    readonly startedAt: string
    readonly endedAt: string | null
    readonly result: CronResult | null
    readonly exitCode: number | null
  } | null
}

export interface ProcessSurvey {
  readonly workers: readonly WorkerState[]
  readonly cron: readonly CronState[]
}
