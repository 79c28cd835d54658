// The words that git/ and its callers share.
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../lib/clock.ts'
import type { Objects } from './objects.ts'

export type GitService = 'git-receive-pack' | 'git-upload-pack' | 'git-upload-archive'

/** One line of a push: what a ref was and is to become. All zeros stand for "is not there". */
export interface RefUpdate {
  readonly ref: string
  readonly from: string
  readonly to: string
}

/** Where to read objects: a repository, and the quarantine of a push that is not accepted yet (git-receive-pack(1), "Quarantine"). */
export interface ObjectSource {
  readonly repository: string
  readonly quarantine?: { readonly objectDirectory: string; readonly alternates: string }
  /** A file of one's own for what git does in an index: a bare repository has none. */
  readonly index?: string
}

export interface ReceivedPush {
  readonly updates: readonly RefUpdate[]
  readonly objects: ObjectSource
  /** Process group of `git receive-pack`, recorded so that start-up can end it before it decides. */
  readonly gitPid: number
  /** Prints a line to the pusher (`remote: …`). Never throws, also when the pusher is gone. */
  readonly print: (line: string) => void
}

export interface PushHooks {
  /** Called before any ref moves, everything received and checked. Resolves to accept; a HostingError refuses the whole push and is printed. */
  preReceive(push: ReceivedPush): Promise<void>
  /** Called after the refs moved. May print; a failure is printed but changes nothing. */
  postReceive(push: ReceivedPush): Promise<void>
}

export interface PackStreams {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
}

/** One file of a tree. Names are bytes: a repository may hold some that are not UTF-8. */
export interface TreeEntry {
  /** 100644, 100755, 120000 (symbolic link) or 160000 (submodule). */
  readonly mode: string
  readonly object: string
  readonly size: number
  readonly path: Buffer
}

export interface TreeListing {
  /** Files and symbolic links, in git's order. */
  readonly files: readonly TreeEntry[]
  /** Parents before their children; the root isn't one of them. */
  readonly directories: readonly Buffer[]
  /** Size of all files, each as often as it appears. */
  readonly bytes: number
}

export interface TreeLimits {
  /** Holds for files and for directories, each. */
  readonly maxFiles: number
  readonly maxTreeBytes: number
}

export interface ExportRequest {
  readonly source: ObjectSource
  /** A reader of `source` that is open already. */
  readonly objects?: Objects | undefined
  readonly commit: string
  /** Must not exist yet. After a failure it is the caller's to remove. */
  readonly into: string
  /**
   * An earlier export of `commit`, unchanged; parts of it may have been moved to the same place in another directory, of which the first that has
   * a file counts. Missing or damaged files are taken from the repository.
   */
  readonly previous?: { readonly directories: readonly string[]; readonly commit: string }
  readonly limits: TreeLimits
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

export interface ExportedTree {
  readonly files: number
  readonly bytes: number
  /** What differs from `previous`; undefined when that is unknown: there was none, its commit is gone, or its directory was damaged. */
  readonly changedPaths?: readonly Buffer[]
  /** Symbolic links that were left out because they might lead out of the tree: one line each, for people. */
  readonly skipped: readonly string[]
}
