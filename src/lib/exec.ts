// The only place that starts processes: always an argument array, a closed environment, an own process group that is
// killed as a whole. (A library's time limit waited 77 s for a grandchild that held the standard output.)
import { constants } from 'node:os'
import type { Child } from './posix/child.ts'
import { spawn, type Stdio } from './posix/spawn.ts'

export type { Child } from './posix/child.ts'

export interface ExecOptions {
  readonly cwd?: string
  /** The whole environment of the child besides PATH, HOME and LANG: nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** Output beyond this many bytes is dropped, oldest kept. Default 16 MiB. */
  readonly maxBytes?: number
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** What every child gets; nothing of the daemon's own environment is inherited. */
export const baseEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/nonexistent',
  LANG: 'C.UTF-8',
}

/** Starts a child in a process group of its own. The caller owns its streams and its end. */
export function start(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>>; stdio?: Stdio | readonly Stdio[] } = {},
): Child {
  const { cwd, env = {}, stdio = 'pipe' } = options
  return spawn(file, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...baseEnv, ...env },
    stdio: typeof stdio === 'object' ? stdio : [stdio, stdio, stdio],
  })
}

/** Signals a child's whole process group; a group that is gone already is no error. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: it has ended by itself
  }
}

/** The exit status of a child as a shell would show it: its own, or 128 + the number of the signal. */
export function exitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}

/** Runs a program to its end and returns what it printed; never throws for an exit status. */
export async function exec(file: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const { cwd, env, input, signal, timeoutMs, maxBytes = 16 * 1024 * 1024 } = options
  signal?.throwIfAborted()
  const child = start(file, args, { ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) })
  const kill = () => killGroup(child.pid)
  signal?.addEventListener('abort', kill, { once: true })
  const timer = timeoutMs === undefined ? undefined : setTimeout(kill, timeoutMs)
  const stdout = collect(child.stdout, maxBytes)
  const stderr = collect(child.stderr, maxBytes)
  child.stdin?.on('error', () => undefined).end(input ?? '')
  try {
    const exitCode = await ended(child)
    signal?.throwIfAborted()
    return { exitCode, stdout: stdout(), stderr: stderr() }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', kill)
  }
}

/** As `exec`, but an exit status other than 0 throws an Error that names the program and what it said. */
export async function execOk(file: string, args: readonly string[], options: ExecOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await exec(file, args, options)
  if (exitCode === 0) return stdout
  throw new Error(`${file} ${args.join(' ')} ended with ${exitCode}: ${(stderr || stdout).trim().slice(-2000)}`)
}

/** Waits for the end of a child and of its streams (`close`, not `exit`: output may still be on its way). */
export async function ended(child: Child): Promise<number> {
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(exitStatus(code, signal)))
  })
}

function collect(stream: NodeJS.ReadableStream | null, maxBytes: number): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream?.on('data', (chunk: Buffer) => {
    if (size < maxBytes) chunks.push(chunk.subarray(0, maxBytes - size))
    size += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
