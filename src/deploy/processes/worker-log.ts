// What is kept of workers in worker.log: their output when they are replaced, and why they were started again.
import type { Worker } from '../../store/workers.ts'
import type { Parts } from '../parts.ts'
import { appendProcessLog, processLogPath } from './process-log.ts'

const mostLines = 5000

interface Ended {
  readonly id: string
  readonly siteId: number
  readonly name: string
}

export async function archiveOutput(
  { id, siteId, name }: Ended,
  { store, config, runtime, log }: Parts,
): Promise<void> {
  const site = await store.sites.findById(siteId)
  if (site === undefined) return
  try {
    const lines = await Array.fromAsync(runtime.logs(id, { tail: mostLines }))
    const path = processLogPath(config.home, site.name, 'worker')
    await appendProcessLog(
      path,
      lines.map((line) => ({ ...line, name })),
    )
  } catch (error) {
    log.warn({ err: error, worker: id }, 'the log of a worker could not be kept')
  }
}

interface End {
  readonly worker: Worker
  readonly exitCode: number | null
  readonly ranMs: number
  readonly delayMs: number
}

export async function noteEnd({ worker, exitCode, ranMs, delayMs }: End, parts: Parts): Promise<void> {
  const { store, config, clock, log } = parts
  const site = await store.sites.findById(worker.site_id)
  if (site === undefined) return
  const how = exitCode === null ? 'could not be started' : `ended with status ${exitCode} after ${inSeconds(ranMs)}`
  const text = `${how}; started again in ${inSeconds(delayMs)}`
  log.debug({ site: site.name, worker: worker.name }, text)
  const line = { time: clock.now(), name: worker.name, stream: 'event', text } as const
  await appendProcessLog(processLogPath(config.home, site.name, 'worker'), [line])
}

export function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
