// How every git process of the platform is started: a closed environment, no user's or system's configuration, policy passed each time.
// Repositories hold objects and refs only, so that a change of policy needs no migration of thousands of configuration files.
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { ended, exec, type ExecOptions, type ExecResult, killGroup, start } from '../lib/exec.ts'
import type { ObjectSource } from './types.ts'

/** Settings that hold for every process, serving or not. */
const settings = [
  // The daemon's user may differ from a repository's owner (a trial run with sudo); tenants can't place repositories.
  'safe.directory=*',
  // Objects of an accepted push survive a power cut (git's own default hardens packs, not loose objects); batch: one flush a push.
  'core.fsync=committed',
  'core.fsyncMethod=batch',
  // Larger blobs are streamed instead of held in memory and searched for deltas.
  'core.bigFileThreshold=16m',
  'gc.auto=0',
  // Releases' refs are the platform's (release-refs.ts): neither shown nor writable.
  'transfer.hideRefs=refs/hosting',
]

const closedEnv = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  // A pushed refs/replace/* must not make a commit look like something else.
  GIT_NO_REPLACE_OBJECTS: '1',
}

export type GitProcess = ReturnType<typeof start>

/** The whole environment of a git process besides PATH, HOME and LANG. */
export function gitEnv({ quarantine, index }: Pick<ObjectSource, 'quarantine' | 'index'> = {}): Record<string, string> {
  const env = index === undefined ? closedEnv : { ...closedEnv, GIT_INDEX_FILE: index }
  if (quarantine === undefined) return env
  return {
    ...env,
    GIT_OBJECT_DIRECTORY: quarantine.objectDirectory,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: quarantine.alternates,
  }
}

/** `-c key=value …`, the common settings first, so that a caller's own win. */
export function gitSettings(own: readonly string[] = []): string[] {
  return [...settings, ...own].flatMap((setting) => ['-c', setting])
}

/** Where the objects of a push are that is not accepted yet (git-receive-pack(1), "Quarantine"). */
export function quarantineOf(repository: string, name: string): NonNullable<ObjectSource['quarantine']> {
  const objects = join(repository, 'objects')
  return { objectDirectory: join(objects, name), alternates: quotedPath(objects) }
}

/** A colon separates alternates; a path that holds one is quoted (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES). */
function quotedPath(path: string): string {
  return /[:"\\]/.test(path) ? `"${path.replace(/["\\]/g, '\\$&')}"` : path
}

/** Runs git on a repository to its end; never throws for an exit status. */
export async function git(
  source: ObjectSource,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  return await exec('git', [...gitSettings(), `--git-dir=${source.repository}`, ...args], {
    env: gitEnv(source),
    ...options,
  })
}

/** As `git`, but an exit status other than 0 throws an Error with what git said. */
export async function gitOk(source: ObjectSource, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await git(source, args)
  if (exitCode !== 0) throw gitFailed(args, exitCode, stderr)
  return stdout
}

/** A git process whose output is read as it comes. Disposing of it ends it. */
export interface RunningGit extends AsyncDisposable {
  readonly stdin: Writable
  readonly stdout: Readable
  /** @throws Error with what git said, unless it ended with 0 */
  done(): Promise<void>
}

export function startGit(source: ObjectSource, args: readonly string[], signal?: AbortSignal): RunningGit {
  signal?.throwIfAborted()
  const child = spawnGit([`--git-dir=${source.repository}`, ...args], { env: gitEnv(source) })
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error('git was started without pipes')
  const said = lastWords(stderr)
  const exit = ended(child)
  const kill = () => endNow(child)
  signal?.addEventListener('abort', kill, { once: true })
  // Who stops reading or is stopped hears of it from done(), not from a stray rejection or a broken pipe.
  exit.catch(() => undefined)
  stdin.on('error', () => undefined)
  return {
    stdin,
    stdout,
    done: async () => {
      const exitCode = await exit
      signal?.throwIfAborted()
      if (exitCode !== 0) throw gitFailed(args, exitCode, said())
    },
    [Symbol.asyncDispose]: async () => {
      signal?.removeEventListener('abort', kill)
      kill()
      stdout.destroy()
      await exit.catch(() => undefined)
    },
  }
}

/** Starts git with the common settings before `args`. The caller owns its streams and its end. */
export function spawnGit(
  args: readonly string[],
  options: { env: Record<string, string>; own?: readonly string[]; stdio?: 'pipe'[] },
): GitProcess {
  const { env, own = [], stdio = 'pipe' } = options
  return start('git', [...gitSettings(own), ...args], { env, stdio })
}

/** Ends a process that still runs; a process id that was reaped may belong to somebody else by now. */
export function endNow(child: GitProcess): void {
  if (child.exitCode === null && child.signalCode === null) killGroup(child.pid)
}

function lastWords(stderr: Readable): () => string {
  let said = ''
  stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  return () => said
}

function gitFailed(args: readonly string[], exitCode: number, said: string): Error {
  return new Error(`git ${args.join(' ')} ended with ${exitCode}: ${said.trim().slice(-2000)}`)
}
