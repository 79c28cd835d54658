// What a command gets and gives. One registry (registry.ts) lists them all; every door calls them through run.ts.
import type { Readable, Writable } from 'node:stream'
import type { Actor } from '../access/authorize.ts'
import type { LoginTroubles } from '../access/logins/troubles.ts'
import type { Config } from '../config/load.ts'
import type { Certificates } from '../certs/types.ts'
import type { Databases } from '../data/databases/types.ts'
import type { Storages } from '../data/storage/storages.ts'
import type { Deployments, Print } from '../deploy/types.ts'
import type { LfsObjects } from '../git/lfs/objects.ts'
import type { Terminal } from '../lib/terminal.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { PhpMyAdmin } from '../phpmyadmin/types.ts'
import type { Jailer } from '../privileged/jail/jailer.ts'
import type { Runtime, ToolSignal } from '../runtime/runtime.ts'
import type { Store } from '../store/store.ts'
import type { View } from './output/view.ts'

/** The parts of the platform that commands call. Made once by main.ts. */
export interface Services {
  readonly config: Config
  readonly store: Store
  readonly runtime: Runtime
  readonly deployments: Deployments
  readonly databases: Databases
  readonly certificates: Certificates
  readonly phpMyAdmin: PhpMyAdmin
  readonly loginTroubles: LoginTroubles
  readonly lfs: LfsObjects
  readonly storages: Pick<Storages, 'ensure'>
  /** Reads what sites have written, where this process may not. */
  readonly jailer: Jailer
  readonly clock: Clock
  readonly log: Log
}

/** What a door knows of the visitor whose words are run. */
export interface CommandRequest {
  readonly account: Actor
  readonly door: 'ssh' | 'local' | 'https'
  readonly fingerprint?: string
  readonly terminal?: Terminal
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly gone: AbortSignal
  /**
   * From now on every key goes to the command as it is: Ctrl-C is its own, no longer the way to end it.
   * Missing where the input is no terminal. @returns how to give them back
   */
  readonly takeKeys?: () => () => void
  /** From now on signals that the client sends go to the command, which ends no more by them. */
  readonly takeSignals?: (deliver: (signal: ToolSignal) => void) => void
}

export interface CommandContext extends Services, CommandRequest {
  readonly json: boolean
  readonly view: View
  /** Tells how a long command is getting on: on standard output, or beside it when that is to be JSON. */
  readonly progress: Print
}

/** What a command has to say, as data for `--json` and as lines for a person. */
export interface Outcome {
  /** Of a program that was run for the visitor, to be theirs. Left out: 0. */
  readonly exitCode?: number
  /** Keys are camelCase and stay as they are: scripts read them. Times are ISO 8601 in UTC. */
  readonly data: unknown
  text(view: View): readonly string[]
}
