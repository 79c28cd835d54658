// What the site's instances print: the archive of those that ended, and the live one, whichever that is at the moment.
import { join } from 'node:path'
import { siteLogPath } from '../../config/home.ts'
import { readAppLog } from '../../deploy/app-log.ts'
import { pause } from '../../lib/pause.ts'
import type { LogLine } from '../../runtime/runtime.ts'
import type { SiteContext } from '../command.ts'
import { createCursor, type Cursor } from './cursor.ts'
import type { LogEntry, LogSource } from './entry.ts'

/** How long a deploy may have switched before a follower notices. */
const pollMs = 500
const maxBacklogBytes = 8 * 1024 * 1024

export function appLog(context: SiteContext): LogSource {
  const { config, site, store, clock } = context
  const cursors = new Map<string, Cursor>()
  const cursorOf = (id: string, start?: Date) => {
    const cursor = cursors.get(id) ?? createCursor(start)
    cursors.set(id, cursor)
    return cursor
  }
  return {
    async backlog(count) {
      const archived = await readAppLog(join(siteLogPath(config.home, site.name), 'app.log'), count)
      const id = site.live_instance_id
      const live = id === null ? [] : await lastLines(context, id, count)
      // Nothing seen is not nothing there: with `-n 0` all that is there was passed over.
      const cursor = id === null ? undefined : cursorOf(id, live.length === 0 ? clock.now() : undefined)
      for (const line of live) cursor?.isNew(line)
      return [...archived, ...live].map(toEntry)
    },
    async follow(emit, signal) {
      const attached = new Map<string, Promise<void>>()
      while (!signal.aborted) {
        const id = (await store.sites.find(site.name))?.live_instance_id
        // The old one keeps its reader while it drains; one that stopped and was woken gets a new reader.
        if (id && !attached.has(id)) {
          const reading = followInstance({ context, id, cursor: cursorOf(id), emit, signal })
          attached.set(
            id,
            reading.finally(() => attached.delete(id)),
          )
        }
        await pause(clock, pollMs, signal)
      }
      await Promise.all(attached.values())
    },
  }
}

interface Following {
  readonly context: SiteContext
  readonly id: string
  readonly cursor: Cursor
  readonly emit: (entry: LogEntry) => Promise<void>
  readonly signal: AbortSignal
}

/** Ends with the instance. What goes wrong ends it too: the next look at the site begins anew where this one ended. */
async function followInstance({ context, id, cursor, emit, signal }: Following): Promise<void> {
  const since = cursor.resume()
  try {
    for await (const line of context.runtime.logs(id, { follow: true, signal, ...(since && { since }) }))
      if (cursor.isNew(line)) await emit(toEntry(line))
  } catch (error) {
    if (!signal.aborted) context.log.debug({ err: error, instance: id }, 'the log of an instance could not be followed')
  }
}

/** The last lines of an instance, bounded in bytes as well; an instance that is gone, or a runtime that is down, has none to give. */
async function lastLines({ runtime, log }: SiteContext, id: string, count: number): Promise<LogLine[]> {
  const lines: LogLine[] = []
  let bytes = 0
  try {
    for await (const line of runtime.logs(id, { tail: count })) {
      lines.push(line)
      bytes += line.text.length
      while (bytes > maxBacklogBytes) bytes -= lines.shift()?.text.length ?? bytes
    }
  } catch (error) {
    log.debug({ err: error, instance: id }, 'the log of an instance could not be read')
  }
  return lines
}

function toEntry({ time, stream, text }: LogLine): LogEntry {
  return { source: 'app', time, text, data: { stream } }
}
