// One run of a cron entry: in a container of its own, within the time limit, its output and end in the site's cron.log.
import type { Writable } from 'node:stream'
import type { CronResult } from '../../store/schema.ts'
import { oneOffTool, shellCommand } from '../one-off.ts'
import type { Parts } from '../parts.ts'
import type { Print } from '../types.ts'
import type { Planned } from './cron-plan.ts'
import { findLiveRelease, type LiveRelease } from './live-release.ts'
import { finishOutput, logOutput } from './log-output.ts'
import { appendProcessLog, processLogPath } from './process-log.ts'
import { inSeconds } from './worker-log.ts'

export interface CronEnd {
  readonly result: CronResult
  /** With `failed`. */
  readonly exitCode: number | null
}

export interface CronRunning {
  readonly planned: Planned
  /** Puts an end to it. */
  readonly signal: AbortSignal
  /** Gets its output as well. */
  readonly print?: Print
}

/** Never throws for what the command does. A site that was stopped or redeployed without the entry meanwhile has nothing run. */
export async function runEntry(running: CronRunning, parts: Parts): Promise<CronEnd> {
  const { planned, signal } = running
  const live = signal.aborted ? undefined : await findLiveRelease(planned.siteId, parts)
  const { schedule, command } = planned.entry
  if (!live?.manifest.cron.some((entry) => entry.schedule === schedule && entry.command === command))
    return { result: 'interrupted', exitCode: null }
  const { store, clock } = parts
  const key = { site_id: planned.siteId, schedule, command }
  const begun = clock.now()
  const say = sayIn(planned, live, parts)
  await store.cronRuns.begin(key, begun.toISOString())
  await say(`started: ${command}`)
  parts.onStep?.('after:cron-start')
  const end = await runToEnd(running, live, parts)
  const ended = clock.now()
  await say(`${describeEnd(end, parts)} after ${inSeconds(ended.getTime() - begun.getTime())}`)
  await store.cronRuns.end(key, { ended_at: ended.toISOString(), result: end.result, exit_code: end.exitCode })
  return end
}

/** At its time, while the run before it has not ended. */
export async function noteSkipped(planned: Planned, parts: Parts): Promise<void> {
  const live = await findLiveRelease(planned.siteId, parts)
  if (live !== undefined) await sayIn(planned, live, parts)('skipped: the run before it has not ended')
}

async function runToEnd({ planned, signal, print }: CronRunning, live: LiveRelease, parts: Parts): Promise<CronEnd> {
  const { config, clock, log } = parts
  const path = processLogPath(config.home, live.site.name, 'cron')
  const budget = { bytes: mostOutputBytes }
  const open = (stream: 'stdout' | 'stderr') =>
    logOutput({ path, name: String(planned.number), stream, clock, budget, ...(print && { print }) })
  const streams = { stdout: open('stdout'), stderr: open('stderr') }
  const tooLong = new AbortController()
  const over = new AbortController()
  clock.sleep(config['cron-timeout'] * 1000, over.signal).then(
    () => tooLong.abort(new Error('out of time')),
    () => undefined,
  )
  try {
    const exitCode = await runTool({ planned, live, streams, signal: AbortSignal.any([signal, tooLong.signal]) }, parts)
    return exitCode === 0 ? { result: 'done', exitCode: null } : { result: 'failed', exitCode }
  } catch (error) {
    if (signal.aborted) return { result: 'interrupted', exitCode: null }
    if (tooLong.signal.aborted) return { result: 'timeout', exitCode: null }
    log.error({ err: error, site: live.site.name }, 'a cron entry could not be run')
    return { result: 'not-started', exitCode: null }
  } finally {
    over.abort()
    await Promise.all([finishOutput(streams.stdout), finishOutput(streams.stderr)])
  }
}

/** Of one run: a loop that prints must not push out what others left. */
const mostOutputBytes = 1024 * 1024

interface Tool {
  readonly planned: Planned
  readonly live: LiveRelease
  readonly streams: { readonly stdout: Writable; readonly stderr: Writable }
  readonly signal: AbortSignal
}

async function runTool({ planned, live, streams, signal }: Tool, parts: Parts): Promise<number> {
  const { site, directory, manifest } = live
  const command = shellCommand(planned.entry.command)
  const spec = await oneOffTool(site, { directory, image: manifest.image, command }, parts)
  return await parts.runtime.runTool(spec, { ...streams, signal })
}

const ends: Record<Exclude<CronResult, 'failed' | 'timeout'>, string> = {
  done: 'done',
  interrupted: 'interrupted',
  'not-started': 'could not be started',
}

function describeEnd({ result, exitCode }: CronEnd, { config }: Parts): string {
  if (result === 'failed') return `ended with status ${exitCode}`
  if (result === 'timeout') return `ended: it may take ${config['cron-timeout']} s (cron-timeout)`
  return ends[result]
}

type Say = (text: string) => Promise<void>

function sayIn({ number }: Planned, { site }: LiveRelease, { config, clock }: Parts): Say {
  const path = processLogPath(config.home, site.name, 'cron')
  return (text) => appendProcessLog(path, [{ time: clock.now(), name: String(number), stream: 'event', text }])
}
