// What deploy/ works with, and what one deploy under way is. Data only.
import type { Config } from '../config/load.ts'
import type { Databases } from '../data/databases/types.ts'
import type { Mail } from '../data/mail/mail.ts'
import type { Storages } from '../data/storage/storages.ts'
import type { Certificates } from '../certs/types.ts'
import type { Edge } from '../edge/types.ts'
import type { Objects } from '../git/objects.ts'
import type { ObjectSource } from '../git/types.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Sealing } from '../lib/sealing.ts'
import type { InstanceSpec, Runtime } from '../runtime/runtime.ts'
import type { Release } from '../store/releases.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import type { Background } from './background.ts'
import type { Environment } from './environment.ts'
import type { Manifest } from './manifest.ts'
import type { Processes } from './processes/types.ts'
import type { Print } from './types.ts'

export interface Parts {
  readonly config: Config
  readonly store: Store
  readonly runtime: Runtime
  readonly edge: Edge
  readonly certificates: Certificates
  readonly databases: Databases
  readonly storages: Storages
  readonly processes: Processes
  readonly mail: Mail
  /** Seals the secrets of sites as they lie in the store. */
  readonly sealing: Sealing
  readonly clock: Clock
  readonly log: Log
  readonly background: Background
  /** Tests kill the process here, to see that start-up finishes or undoes what was begun. */
  readonly onStep?: (step: string) => void
}

/** Steps in the order in which they are recorded. What lies before `proven` is undone at start-up, what lies after is finished. */
export type StepName = 'checkout' | 'build' | 'release' | 'start' | 'check' | 'proven' | 'switch'

export interface Attempt {
  readonly jobId: string
  readonly kind: 'push' | 'rollback' | 'environment'
  /** As it was when the attempt began: its live release is the one to be replaced. */
  readonly site: Site
  readonly release: Release
  readonly instance: InstanceSpec
  /** The site's variables as this release is to have them, where they are not those that are stored. */
  readonly environment?: Environment
  /** Where the commit's objects are: for a push, its quarantine. */
  readonly source: ObjectSource
  /** Those objects, open for reading since the push came in. */
  readonly objects?: Objects
  readonly print: Print
  readonly signal: AbortSignal
  /** Milliseconds a step took; kept with the release. */
  readonly timings: Partial<Record<StepName, number>>
  /** Resolves when the instance has been started (it may have been on its way before the push was received). */
  readonly started: Promise<void>
  /** What steps found out and later ones need. */
  readonly facts: {
    changedPaths?: readonly Buffer[]
    manifest?: Manifest
    flushed?: Promise<unknown>
    /** Paths of storage that begin with what the repository holds. */
    seeded?: readonly string[]
  }
}
