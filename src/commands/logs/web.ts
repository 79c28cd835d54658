// Requests as the edge wrote them down: access.log, and access.log.1 where that is too short.
import { join } from 'node:path'
import { siteLogPath } from '../../config/home.ts'
import { parseAccessLogLine } from '../../edge/access-log.ts'
import { followLines, readTail, type TailPosition } from '../../lib/tail.ts'
import type { SiteContext } from '../command.ts'
import type { LogEntry, LogSource } from './entry.ts'

export function webLog({ config, site, clock }: SiteContext): LogSource {
  const path = join(siteLogPath(config.home, site.name), 'access.log')
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
  const entry = parseAccessLogLine(line)
  if (entry === undefined) return []
  const { time, ...data } = entry
  const { status, method, host, uri, bytes, durationMs, address } = data
  const text = `${status} ${method} ${host}${uri} ${bytes} B ${durationMs} ms ${address}`
  return [{ source: 'web', time, text, data }]
}
