// What containers of a site print, which come and go: the archive of those that ended, and those that are there, whichever these are at the
// moment.
import { pause } from '../../lib/pause.ts'
import type { LogLine } from '../../runtime/runtime.ts'
import type { SiteContext } from '../command.ts'
import { createCursor, type Cursor } from './cursor.ts'
import type { LogEntry, LogSource } from './entry.ts'

/** How long a deploy may have switched before a follower notices. */
const pollMs = 500
const maxBacklogBytes = 8 * 1024 * 1024

/** One that is there. */
export interface Printing {
  readonly id: string
  readonly toEntry: (line: LogLine) => LogEntry
}

interface Containers {
  /** Asked again and again. */
  readonly list: () => Promise<readonly Printing[]>
  readonly archive: (count: number) => Promise<LogEntry[]>
}

export function instancesLog(context: SiteContext, { list, archive }: Containers): LogSource {
  const { clock } = context
  const cursors = new Map<string, Cursor>()
  const cursorOf = (id: string, start?: Date) => {
    const cursor = cursors.get(id) ?? createCursor(start)
    cursors.set(id, cursor)
    return cursor
  }
  async function lastOf({ id, toEntry }: Printing, count: number): Promise<LogEntry[]> {
    const lines = await lastLines(context, id, count)
    // Nothing seen is not nothing there: with `-n 0` all that is there was passed over.
    const cursor = cursorOf(id, lines.length === 0 ? clock.now() : undefined)
    for (const line of lines) cursor.isNew(line)
    return lines.map(toEntry)
  }
  return {
    async backlog(count) {
      const archived = await archive(count)
      const live = await Promise.all((await list()).map((printing) => lastOf(printing, count)))
      return [...archived, ...live.flat()]
    },
    async follow(emit, signal) {
      const attached = new Map<string, Promise<void>>()
      while (!signal.aborted) {
        // An old one keeps its reader while it drains; one that stopped and was started again gets a new reader.
        for (const printing of await list()) {
          const { id } = printing
          if (attached.has(id)) continue
          const reading = followOne({ context, printing, cursor: cursorOf(id), emit, signal })
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
  readonly printing: Printing
  readonly cursor: Cursor
  readonly emit: (entry: LogEntry) => Promise<void>
  readonly signal: AbortSignal
}

/** Ends with the container. What goes wrong ends it too: the next look at the site begins anew where this one ended. */
async function followOne({ context, printing, cursor, emit, signal }: Following): Promise<void> {
  const { id, toEntry } = printing
  const since = cursor.resume()
  try {
    for await (const line of context.runtime.logs(id, { follow: true, signal, ...(since && { since }) }))
      if (cursor.isNew(line)) await emit(toEntry(line))
  } catch (error) {
    if (!signal.aborted) context.log.debug({ err: error, instance: id }, 'the log of an instance could not be followed')
  }
}

/** The last lines of a container, bounded in bytes as well; one that is gone, or a runtime that is down, has none to give. */
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
