// What doors and commands ask of deploy/.
import type { Restoring } from '../data/databases/types.ts'
import type { StorageSurvey } from '../data/storage/storages.ts'
import type { PushHooks } from '../git/types.ts'
import type { Account } from '../store/accounts.ts'
import type { Release } from '../store/releases.ts'
import type { Site } from '../store/sites.ts'
import type { Environment } from './environment.ts'
import type { OneOffRun } from './one-offs.ts'
import type { CronEnd } from './processes/cron-run.ts'
import type { ProcessSurvey } from './processes/types.ts'
import type { ChangedEnvironment, EnvironmentChange } from './operations/environment.ts'

export type Print = (line: string) => void

export interface Deployments {
  /**
   * The hooks of one push by an account to a site; `end` is called when receive-pack has exited, whatever it did.
   * @param way `upload`: nobody waits for it, so it lets pushes go first
   */
  push(site: Site, account: Account, way?: 'upload'): PushHooks & { end(): Promise<void> }
  /** A push of this site is to be expected: an instance is started that waits for it. */
  expectPush(site: Site): void
  /** Makes an earlier release live again as a new release. `number` left out: the one before the live one. */
  rollback(site: Site, options: { number?: number; account: Account; print: Print }): Promise<Release>
  /** The variables that the owner of a site set, opened. */
  environment(site: Site): Promise<Environment>
  /** Sets and unsets variables: a new release of the live commit, or none where nothing is deployed. */
  changeEnvironment(site: Site, change: EnvironmentChange): Promise<ChangedEnvironment>
  /** What a site's storage holds, by the paths that its live release uses; undefined where nothing is deployed that writes. */
  surveyStorage(site: Site): Promise<StorageSurvey | undefined>
  surveyProcesses(site: Site): Promise<ProcessSurvey>
  /** Runs an entry of `surveyProcesses` now, to its end. */
  runCron(site: Site, number: number, print: Print): Promise<CronEnd>
  /** Makes the database of a site and gives it to its instance. @returns false when it has one already */
  createDatabase(site: Site, print: Print): Promise<boolean>
  /** Gives the database a new password and a fresh instance that uses it; the old one works on until it has ended. */
  rotateDatabase(site: Site, print: Print): Promise<void>
  removeDatabase(site: Site): Promise<void>
  restoreDatabase(site: Site, restoring: Restoring): Promise<{ tables: number }>
  /** Runs a program in the live release of a site, be it stopped. @returns its exit status */
  runOneOff(site: Site, running: OneOffRun): Promise<number>
  /** Lets a stopped site serve again. */
  start(site: Site): Promise<void>
  /** Takes a site off the air until `start`; its requests get a page that says so. */
  stop(site: Site): Promise<void>
  /** Replaces the live instance by a fresh one of the same release: proven, switched, drained. */
  restart(site: Site, print: Print): Promise<void>
  /** Removes a site and all that belongs to it: instances, releases, routes, logs, repository, rows. */
  destroy(site: Site): Promise<void>
  /** Makes the edge and the certificates follow the domains of a site and what stands before it, after one was added or `removed`. */
  routeDomains(site: Site, removed?: string): Promise<void>
}
