// What became of the mail that a site sent: mail.log.
import { parseAppLogLine } from '../../deploy/app-log.ts'
import { mailLogPath } from '../../deploy/mail-log.ts'
import { followLines, readTail, type TailPosition } from '../../lib/tail.ts'
import type { SiteContext } from '../command.ts'
import type { LogEntry, LogSource } from './entry.ts'

export function mailLog({ config, site, clock }: SiteContext): LogSource {
  const path = mailLogPath(config.home, site.name)
  let position: TailPosition | undefined
  return {
    async backlog(count) {
      const current = await readTail(path, count)
      position = current?.position
      const missing = count - (current?.lines.length ?? 0)
      const rotated = missing > 0 ? await readTail(`${path}.1`, missing) : undefined
      return [...(rotated?.lines ?? []), ...(current?.lines ?? [])].flatMap(toEntry)
    },
    async follow(emit, signal) {
      for await (const line of followLines(path, { from: position, clock, signal }))
        for (const entry of toEntry(line)) await emit(entry)
    },
  }
}

function toEntry(line: string): LogEntry[] {
  const { time, text } = parseAppLogLine(line) ?? {}
  return time === undefined || text === undefined ? [] : [{ source: 'mail', time, text, data: {} }]
}
