// What became of a site's mail: logs/<site>/mail.log, a line each, in the form of app.log.
import { join } from 'node:path'
import { type Home, siteLogPath } from '../config/home.ts'
import type { Clock } from '../lib/clock.ts'
import { appendAppLog } from './app-log.ts'

export function mailLogPath(home: Home, site: string): string {
  return join(siteLogPath(home, site), 'mail.log')
}

/** Writes a line of a site's log of mail. */
export function mailNotes({ home }: { home: Home }, clock: Clock): (site: string, text: string) => Promise<void> {
  return (site, text) => appendAppLog(mailLogPath(home, site), [{ time: clock.now(), stream: 'stdout', text }])
}
