// Requests as the edge wrote them down: access.log.
import { join } from 'node:path'
import { siteLogPath } from '../../config/home.ts'
import { parseAccessLogLine } from '../../edge/access-log.ts'
import type { SiteContext } from '../command.ts'
import type { LogEntry, LogSource } from './entry.ts'
import { fileLog } from './file-log.ts'

export function webLog({ config, site, clock }: SiteContext): LogSource {
  return fileLog({ path: join(siteLogPath(config.home, site.name), 'access.log'), clock, toEntry })
}

function toEntry(line: string): LogEntry[] {
  const entry = parseAccessLogLine(line)
  if (entry === undefined) return []
  const { time, ...data } = entry
  const { status, method, host, uri, bytes, durationMs, address } = data
  const text = `${status} ${method} ${host}${uri} ${bytes} B ${durationMs} ms ${address}`
  return [{ source: 'web', time, text, data }]
}
