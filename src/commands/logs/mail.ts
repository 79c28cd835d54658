// What became of the mail that a site sent: mail.log.
import { parseAppLogLine } from '../../deploy/app-log.ts'
import { mailLogPath } from '../../deploy/mail-log.ts'
import type { SiteContext } from '../command.ts'
import type { LogEntry, LogSource } from './entry.ts'
import { fileLog } from './file-log.ts'

export function mailLog({ config, site, clock }: SiteContext): LogSource {
  return fileLog({ path: mailLogPath(config.home, site.name), clock, toEntry })
}

function toEntry(line: string): LogEntry[] {
  const { time, text } = parseAppLogLine(line) ?? {}
  return time === undefined || text === undefined ? [] : [{ source: 'mail', time, text, data: {} }]
}
