// A log that is a file of lines, and its predecessor x.log.1 where that is too short.
import type { Clock } from '../../lib/clock.ts'
import { followLines, readRotatedTail, type TailPosition } from '../../lib/tail.ts'
import type { LogEntry, LogSource } from './entry.ts'

interface FileLog {
  readonly path: string
  readonly clock: Clock
  /** None for a line that is not to be shown, or is none. */
  readonly toEntry: (line: string) => LogEntry[]
}

export function fileLog({ path, clock, toEntry }: FileLog): LogSource {
  let position: TailPosition | undefined
  return {
    async backlog(count) {
      const read = await readRotatedTail(path, count)
      position = read.position
      return read.lines.flatMap(toEntry)
    },
    async follow(emit, signal) {
      for await (const line of followLines(path, { from: position, clock, signal }))
        for (const entry of toEntry(line)) await emit(entry)
    },
  }
}
