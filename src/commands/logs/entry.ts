// One line of a site's log, wherever it comes from.
import { printable } from '../../errors/render.ts'
import type { View } from '../output/view.ts'
import { renderJson } from '../output/write.ts'
import type { CommandContext } from '../types.ts'

export const sourceNames = ['web', 'app', 'worker', 'cron', 'build', 'mail'] as const
export type SourceName = (typeof sourceNames)[number]

export interface LogEntry {
  readonly source: SourceName
  /** Lines of a build have none: they are one text. */
  readonly time?: Date
  readonly text: string
  /** Which of several of its kind printed it. */
  readonly name?: string
  /** What `--json` says besides source, time and text. */
  readonly data: Readonly<Record<string, unknown>>
}

export interface LogSource {
  /** The last lines, oldest first. To be called once, before `follow`, which goes on where it ended. */
  backlog(count: number): Promise<LogEntry[]>
  /** Hands over lines as they come, one at a time, until the signal aborts. Waits for each to be taken. */
  follow(emit: (entry: LogEntry) => Promise<void>, signal: AbortSignal): Promise<void>
}

/** A line with its end. */
export function renderEntry({ source, name, time, text, data }: LogEntry, { json, view }: CommandContext): string {
  if (json) return `${renderJson({ time: time?.toISOString(), source, ...data, text })}\n`
  if (time === undefined) return `${printable(text)}\n`
  const paint = paints(view)[source]
  const label = name === undefined ? source : `${source}/${name}`
  return `${view.colors.dim(time.toISOString())} ${paint(label)} ${printable(text)}\n`
}

function paints({ colors }: View): Record<SourceName, (text: string) => string> {
  const { cyan, magenta, blue, yellow, green } = colors
  return { web: cyan, app: magenta, worker: blue, cron: blue, build: yellow, mail: green }
}

/** Entries of several sources as one list, oldest first, the last `count` of them. */
export function mergeEntries(lists: readonly LogEntry[][], count: number): LogEntry[] {
  const merged = lists.flat().sort((one, other) => (one.time?.getTime() ?? 0) - (other.time?.getTime() ?? 0))
  return count === 0 ? [] : merged.slice(-count)
}
