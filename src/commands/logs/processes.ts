// What the workers and the cron entries of a site print, and what became of them.
import {
  parseProcessLine,
  type ProcessKind,
  type ProcessLine,
  processLogPath,
  readProcessLog,
} from '../../deploy/processes/process-log.ts'
import { followLines, readTail, type TailPosition } from '../../lib/tail.ts'
import type { SiteContext } from '../command.ts'
import type { LogEntry, LogSource } from './entry.ts'
import { instancesLog } from './instances.ts'

/** All of cron.log: runs are written down as they go on. */
export function cronLog(context: SiteContext): LogSource {
  return fileLog(context, 'cron', () => true)
}

/** The containers of workers, and what worker.log says of those that ended. */
export function workerLog(context: SiteContext): LogSource {
  const { config, site, store } = context
  const printed = instancesLog(context, {
    async list() {
      const workers = await store.workers.listOf(site.id)
      return workers.map(({ id, name }) => ({ id, toEntry: (line) => toEntry('worker', { ...line, name }) }))
    },
    archive: async (count) =>
      (await readProcessLog(processLogPath(config.home, site.name, 'worker'), count)).map((line) =>
        toEntry('worker', line),
      ),
  })
  // The output that is archived there has been shown before, from its container.
  const events = fileLog(context, 'worker', ({ stream }) => stream === 'event')
  return {
    async backlog(count) {
      await events.backlog(0)
      return await printed.backlog(count)
    },
    async follow(emit, signal) {
      await Promise.all([printed.follow(emit, signal), events.follow(emit, signal)])
    },
  }
}

function fileLog(
  { config, site, clock }: SiteContext,
  kind: ProcessKind,
  isWanted: (line: ProcessLine) => boolean,
): LogSource {
  const path = processLogPath(config.home, site.name, kind)
  let position: TailPosition | undefined
  return {
    async backlog(count) {
      const current = await readTail(path, count)
      position = current?.position
      const missing = count - (current?.lines.length ?? 0)
      const rotated = missing > 0 ? await readTail(`${path}.1`, missing) : undefined
      const lines = [...(rotated?.lines ?? []), ...(current?.lines ?? [])].flatMap(
        (line) => parseProcessLine(line) ?? [],
      )
      return lines.filter(isWanted).map((line) => toEntry(kind, line))
    },
    async follow(emit, signal) {
      for await (const text of followLines(path, { from: position, clock, signal })) {
        const line = parseProcessLine(text)
        if (line !== undefined && isWanted(line)) await emit(toEntry(kind, line))
      }
    },
  }
}

function toEntry(source: ProcessKind, { time, name, stream, text }: ProcessLine): LogEntry {
  return { source, name, time, text, data: { process: name, stream } }
}
