// What the workers and the cron entries of a site print, and what became of them.
import {
  parseProcessLine,
  type ProcessKind,
  type ProcessLine,
  processLogPath,
  readProcessLog,
} from '../../deploy/processes/process-log.ts'
import type { SiteContext } from '../command.ts'
import type { LogEntry, LogSource } from './entry.ts'
import { fileLog } from './file-log.ts'
import { instancesLog } from './instances.ts'

/** All of cron.log: runs are written down as they go on. */
export function cronLog(context: SiteContext): LogSource {
  return processLog(context, 'cron', () => true)
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
  const events = processLog(context, 'worker', ({ stream }) => stream === 'event')
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

function processLog(
  { config, site, clock }: SiteContext,
  kind: ProcessKind,
  isWanted: (line: ProcessLine) => boolean,
): LogSource {
  return fileLog({
    path: processLogPath(config.home, site.name, kind),
    clock,
    toEntry(text) {
      const line = parseProcessLine(text)
      return line !== undefined && isWanted(line) ? [toEntry(kind, line)] : []
    },
  })
}

function toEntry(source: ProcessKind, { time, name, stream, text }: ProcessLine): LogEntry {
  return { source, name, time, text, data: { process: name, stream } }
}
