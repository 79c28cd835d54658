// What the platform asks of whatever runs instances. Docker Engine answers today; Docker Swarm is to answer the same calls.
// An instance is addressed by its id, its socket by its directory: never by an IP address or a container's name.
import type { Readable, Writable } from 'node:stream'
import type { Terminal } from '../lib/terminal.ts'

export interface Limits {
  readonly memoryMb: number
  readonly cpus: number
  readonly pids: number
}

/** What an instance finds around its release. It differs by site, not by release: a waiting instance has it already. */
export interface Surroundings {
  /** Environment variables of the site: what its owner set, its database's address. Secrets among them. */
  readonly env: Readonly<Record<string, string>>
  /** Mounted writable at /storage: what the site keeps across releases. */
  readonly storageDirectory?: string
  /** Holds the database server's socket; mounted at /run/mysqld. */
  readonly databaseDirectory?: string
  /** Holds the socket that takes the site's mail; mounted at /run/mail. */
  readonly mailDirectory?: string
  /** `outbound`: to the internet, not to this machine's services, other instances or a cloud's metadata. */
  readonly network: 'none' | 'outbound'
}

export interface InstanceSpec extends Surroundings {
  /** lib/id.ts; also names instances/<id>/ */
  readonly id: string
  readonly site: string
  /** Image family: the name of a folder below buildpacks/ with a Dockerfile, or `<folder>-<variant>`. */
  readonly image: string
  readonly uid: number
  /** Mounted read-only at /site. May be empty still: the instance waits for its file `complete`. */
  readonly releaseDirectory: string
  /** instances/<id>/run, mounted at /run/site and writable there: holds web.sock, and `go`, a FIFO that a waiting instance reads. */
  readonly instanceDirectory: string
  readonly limits: Limits
}

export type InstanceStatus = 'running' | 'stopped' | 'missing'

export interface RunningInstance {
  readonly id: string
  readonly site: string
  readonly status: 'running' | 'stopped'
}

export interface LogLine {
  readonly time: Date
  readonly stream: 'stdout' | 'stderr'
  /** Without a line end; not yet made printable. */
  readonly text: string
}

export interface LogQuery {
  readonly follow?: boolean
  readonly tail?: number
  readonly since?: Date
  readonly signal?: AbortSignal
}

export interface BuildSpec {
  readonly id: string
  readonly site: string
  readonly uid: number
  /** Folder below buildpacks/ whose bin/compile is run. */
  readonly buildpack: string
  /** Image family that it is run in. Left out: `builder`. */
  readonly image?: string
  /** Mounted read-only; the build works on a copy of it. */
  readonly sourceDirectory: string
  /** Handed to bin/compile in its ENV_DIR, a file a name. */
  readonly env: Readonly<Record<string, string>>
  readonly limits: Limits
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Called for each line of output as it comes. */
  output(line: string): void
}

export interface BuildResult {
  readonly exitCode: number
  /** Why it was ended from outside, if it was. */
  readonly killed?: 'timeout' | 'memory'
  /** The built tree as a tar stream (regular files, directories, symlinks; names relative). Only called when exitCode is 0. */
  output(): Promise<NodeJS.ReadableStream>
  /** Removes what the build left. Must be called. */
  dispose(): Promise<void>
}

export interface Mount {
  readonly source: string
  readonly target: string
  readonly access: 'ro' | 'rw'
}

/** A server of the platform's own that sites share, one a home and a name: no instance, and in no list of them. */
export interface ServiceSpec {
  /** Also its image family. */
  readonly name: string
  readonly uid: number
  /** Added to the image's own command. */
  readonly arguments: readonly string[]
  readonly mounts: readonly Mount[]
  readonly limits: Limits
  /** Whether the runtime starts it again by itself, after a reboot as well: it serves on while the platform is stopped. */
  readonly outlivesPlatform: boolean
  /** Changes when something did that the rest does not show, such as a mounted file: the service is then made anew. */
  readonly revision: string
}

/** A program of ours that runs once for a site, its streams those of whoever asked for it. */
export interface ToolSpec {
  /** lib/id.ts */
  readonly id: string
  readonly site: string
  /** Image family. */
  readonly image: string
  readonly command: readonly string[]
  /** Left out: the image's own. */
  readonly workingDirectory?: string
  readonly uid: number
  readonly env: Readonly<Record<string, string>>
  readonly mounts: readonly Mount[]
  /** Room in /tmp, a part of the memory. Left out: little. */
  readonly temporaryMb?: number
  readonly limits: Limits
  readonly network: Surroundings['network']
}

export interface ToolStreams {
  /** Left out: the program has no input. Its end is passed on; its failure ends the program. */
  readonly stdin?: Readable
  /** Neither is ended. Written to only as fast as they take it. */
  readonly stdout: Writable
  readonly stderr: Writable
  /** Set: the program has a terminal, of this size, which may change. */
  readonly terminal?: Terminal
  /** Ends the program. */
  readonly signal: AbortSignal
  /** Called when the program runs, with the way to send it a signal. */
  readonly started?: (send: (signal: ToolSignal) => void) => void
}

export type ToolSignal = 'HUP' | 'INT' | 'QUIT' | 'TERM'

export type RuntimeEvent =
  | { readonly type: 'exited'; readonly id: string; readonly exitCode: number }
  | { readonly type: 'reconnected' }

export interface Runtime {
  /**
   * Builds or finds the images that every site needs (not the builder: that one is made when first used). Idempotent.
   * `fresh` makes them anew from today's packages; instances that run keep the image they have.
   */
  ensureImages(report: (line: string) => void, options?: { readonly fresh?: boolean }): Promise<void>
  /** Finds or makes the image of instances to be started, which may take minutes: told to whoever waits for it. */
  ensureImage(image: string, report: (line: string) => void): Promise<void>
  /** Creates and starts an instance that waits in its release directory for the file `complete`. */
  start(spec: InstanceSpec): Promise<void>
  /** Tells a waiting instance that its release is complete; resolves at once. */
  assign(spec: InstanceSpec): Promise<void>
  /** Starts an instance again that exists and has stopped, or makes it anew. */
  wake(spec: InstanceSpec): Promise<void>
  /** Ends an instance by its own stop signal, by force after the time limit, and keeps it (to be woken, its log to be read). */
  stop(id: string, timeoutMs: number): Promise<void>
  /** Removes an instance, running or not; one that is missing is no error. */
  remove(id: string): Promise<void>
  /** Removes what builds keep for a site (caches). */
  forgetSite(site: string): Promise<void>
  status(id: string): Promise<InstanceStatus>
  /** Every instance, program, tool and unfinished build of this home, and nothing else's. Services are not among them. */
  list(): Promise<RunningInstance[]>
  logs(id: string, query: LogQuery): AsyncIterable<LogLine>
  build(spec: BuildSpec): Promise<BuildResult>
  /** Sees to it that a service runs, as described: one that differs is ended and made anew. It may not answer yet. */
  ensureService(spec: ServiceSpec, report: (line: string) => void): Promise<void>
  /** Ends a service by SIGTERM, by force after the time limit, and removes it; a missing one is no error. */
  removeService(name: string, timeoutMs: number): Promise<void>
  /** Resolves when a service does not run, be it missing; or when the signal aborts. */
  serviceEnded(name: string, signal: AbortSignal): Promise<void>
  /**
   * Runs a tool to its end, of which nothing is left then. @returns its exit status
   * @throws the signal's reason when it aborts, the error of a standard input that failed
   */
  runTool(spec: ToolSpec, streams: ToolStreams): Promise<number>
  /**
   * Starts a program that nobody is attached to, or starts it again where it has ended; one that runs is left alone. It answers to `status`, `stop` (by SIGTERM),
   * `remove`, `logs` and `events` as an instance does.
   */
  startProgram(spec: ToolSpec): Promise<void>
  /** Ends of instances and programs as they happen; after a lost connection `reconnected`, upon which the caller reconciles. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>
  close(): Promise<void>
}
