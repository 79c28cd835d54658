// What a buildpack makes of a checked-out tree.
import type { BuildResult, BuildSpec } from '../runtime/runtime.ts'
import type { CronEntry } from './schedule.ts'

export interface HealthCheck {
  readonly path: string
  readonly timeoutMs: number
}

/** The outcome of a build: a release directory that an instance of `image` can serve. */
export interface BuiltRelease {
  readonly buildpack: string
  /** Folder below buildpacks/ whose Dockerfile makes the image of the instance. */
  readonly image: string
  /** Whether the commit as checked out is still in the release for the next to link from: tree/ (and seed/), or commit/ where there is one. */
  readonly source: 'commit' | 'built'
  readonly health: HealthCheck
  /** Paths below tree/ that the site may write and that outlive releases: links to /storage. */
  readonly storage: readonly string[]
  readonly database?: 'mariadb'
  /** Command to be run in the new release's surroundings before the switch; its failure rejects the push. */
  readonly releaseCommand?: string
  /** Processes beside the web server, by name (Procfile). */
  readonly workers: Readonly<Record<string, string>>
  /** Commands run at set times, each once in this list. */
  readonly cron: readonly CronEntry[]
  /** Things worth telling the pusher: the document root that was chosen, how many rules were read. */
  readonly notes: readonly string[]
}

export interface PreviousRelease {
  /** Its directory, with tree/ and edge/ as this build is to fill them: what is unchanged is hard-linked from there. */
  readonly directory: string
  readonly commit: string
}

export interface BuildRequest {
  readonly site: string
  readonly releaseId: string
  /** releases/<site>/<id>: tree/ holds the checked-out commit; the build adds edge/ and what the instance needs, `complete` is the caller's. */
  readonly directory: string
  readonly previous?: PreviousRelease
  /** Paths (relative, bytes) that differ from the previous release's commit; undefined: unknown, compare by yourself. */
  readonly changedPaths?: readonly Buffer[]
  readonly defaultHealthTimeoutMs: number
  readonly limits: {
    /** Of an instance. */
    readonly memoryMb: number
    /** Largest request body that the edge lets through. */
    readonly uploadMb: number
  }
  readonly print: (line: string) => void
  readonly signal: AbortSignal
  /** Runs a build command confined; given by the caller, who knows uid and limits. */
  runBuild(
    spec: Pick<BuildSpec, 'buildpack' | 'image' | 'env' | 'output'> & { sourceDirectory: string },
  ): Promise<BuildResult>
}
