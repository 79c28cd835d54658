// What a command gets and gives. One registry (registry.ts) lists them all; every door calls them through run.ts.
import type { Readable, Writable } from 'node:stream'
import type { Config } from '../config/load.ts'
import type { Deployments } from '../deploy/types.ts'
import type { Terminal } from '../lib/terminal.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Account } from '../store/accounts.ts'
import type { Store } from '../store/store.ts'

/** The parts of the platform that commands call. Made once by main.ts. */
export interface Services {
  readonly config: Config
  readonly store: Store
  readonly runtime: Runtime
  readonly deployments: Deployments
  readonly clock: Clock
  readonly log: Log
}

export interface CommandContext extends Services {
  readonly account: Account
  readonly fingerprint?: string
  readonly terminal?: Terminal
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly gone: AbortSignal
}
