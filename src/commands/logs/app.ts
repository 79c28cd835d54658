// What the site's instances print.
import { join } from 'node:path'
import { siteLogPath } from '../../config/home.ts'
import { readAppLog } from '../../deploy/app-log.ts'
import type { LogLine } from '../../runtime/runtime.ts'
import type { SiteContext } from '../command.ts'
import type { LogEntry, LogSource } from './entry.ts'
import { instancesLog } from './instances.ts'

export function appLog(context: SiteContext): LogSource {
  const { config, site, store } = context
  return instancesLog(context, {
    async list() {
      const id = (await store.sites.find(site.name))?.live_instance_id
      return id ? [{ id, toEntry }] : []
    },
    async archive(count) {
      return (await readAppLog(join(siteLogPath(config.home, site.name), 'app.log'), count)).map(toEntry)
    },
  })
}

function toEntry({ time, stream, text }: LogLine): LogEntry {
  return { source: 'app', time, text, data: { stream } }
}
