// The nginx of a trial run: started by the daemon, outlives its crash, adopted by the next one, started again when it dies.
import { once } from 'node:events'
import { HostingError } from '../errors/hosting-error.ts'
import type { Clock } from '../lib/clock.ts'
import { start } from '../lib/exec.ts'
import type { Log } from '../lib/log.ts'
import { readTail } from '../lib/tail.ts'
import type { EdgePaths } from './edge-paths.ts'
import { findMaster, findOrphans, signalNginx } from './nginx-process.ts'
import { hasPaused } from './pause.ts'
import { nginxMissing } from './proof.ts'
import { findServedVersion, isServed } from './version-probe.ts'

const pollMs = 500
const longestPauseMs = 30_000
/** nginx itself tries 5 times in 2.5 s to bind a port that is taken. */
const startTimeoutMs = 10_000

export interface NginxParts {
  readonly paths: EdgePaths
  readonly port: number
  readonly clock: Clock
  readonly log: Log
}

/**
 * Makes nginx serve the configuration of this version: nothing to do, a reload, or a start.
 * @throws HostingError unavailable with what nginx wrote to its error log
 */
export async function ensureServed(version: string, parts: NginxParts): Promise<void> {
  const master = await findMaster(parts.paths)
  if (master === undefined) {
    await startNginx(version, parts)
    return
  }
  if ((await findServedVersion(parts.port)) === version) return
  signalNginx(master, 'SIGHUP')
  if (!(await isServed({ ...parts, version, timeoutMs: startTimeoutMs }))) throw await notServing(parts)
}

/** Sees to it that a master runs, until the signal aborts; after failures with growing pauses. */
export async function supervise(version: () => string, parts: NginxParts & { signal: AbortSignal }): Promise<void> {
  const { clock, signal, log } = parts
  let pauseMs = pollMs
  while (await hasPaused(clock, pauseMs, signal)) {
    if ((await findMaster(parts.paths)) !== undefined) continue
    log.warn('nginx has ended; starting it again')
    try {
      await startNginx(version(), parts)
      pauseMs = pollMs
    } catch (error) {
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      log.error({ err: error, pauseMs }, 'nginx could not be started again')
    }
  }
}

/** Ends nginx: requests in flight may finish within the time limit. */
export async function endNginx({ paths, clock }: NginxParts, timeoutMs: number): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGQUIT', timeoutMs],
    ['SIGTERM', 2000],
    ['SIGKILL', 2000],
  ] as const) {
    const pids = await findAll(paths)
    if (pids.length === 0) return
    for (const pid of pids) signalNginx(pid, signal)
    const end = clock.now().getTime() + waitMs
    while (clock.now().getTime() < end && (await findAll(paths)).length > 0) await clock.sleep(25)
  }
}

async function findAll(paths: EdgePaths): Promise<number[]> {
  const master = await findMaster(paths)
  return master === undefined ? await findOrphans(paths) : [master]
}

async function startNginx(version: string, parts: NginxParts): Promise<void> {
  // Told to quit they let go of the ports at once and finish what they have.
  for (const pid of await findOrphans(parts.paths)) signalNginx(pid, 'SIGQUIT')
  const { config, errorLog, state } = parts.paths
  const child = start('nginx', ['-c', config, '-e', errorLog, '-p', state], { stdio: 'ignore' })
  child.unref()
  const failed = once(child, 'exit').then(() => false)
  const served = await Promise.race([isServed({ ...parts, version, timeoutMs: startTimeoutMs }), failed]).catch(
    (error: unknown) => {
      throw nginxMissing(error)
    },
  )
  if (!served) throw await notServing(parts)
}

/** nginx tries a port that is taken five times: `2026/11/21 07:00:00 [emerg] 12#12: bind() to …` */
function withoutPrefix(line: string): string {
  return line.replace(/^\S+ \S+ \[\w+\] \d+#\d+: (?:\*\d+ )?/, '')
}

async function notServing({ paths, port }: NginxParts): Promise<HostingError> {
  const tail = await readTail(paths.errorLog, 5)
  return new HostingError('unavailable', `nginx does not serve on port ${port}`, {
    details: [...new Set(tail?.lines.map(withoutPrefix))],
    hint: `If something else uses port ${port}, choose another one: --http-port`,
  })
}
