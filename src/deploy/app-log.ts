// The archive of what a site's ended instances printed: app.log and, once that is over 5 MB, app.log.1.
// A line is `<ISO time> <stream> <text>`; line ends within a text are escaped, so that nobody can forge a line.
import { appendFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { absentAsUndefined, ensureDirectory } from '../lib/files.ts'
import { readTail } from '../lib/tail.ts'
import type { LogLine } from '../runtime/runtime.ts'

const maxLogBytes = 5 * 1024 * 1024

/** Writers take turns: two that rotate at once would lose the older file. */
let lastWrite: Promise<void> = Promise.resolve()

export async function appendAppLog(path: string, lines: readonly LogLine[]): Promise<void> {
  const write = lastWrite.then(() => append(path, lines))
  lastWrite = write.catch(() => undefined)
  await write
}

/** The last `count` lines, oldest first, over both files. */
export async function readAppLog(path: string, count: number): Promise<LogLine[]> {
  const current = (await readTail(path, count))?.lines ?? []
  const missing = count - current.length
  const rotated = missing > 0 ? ((await readTail(`${path}.1`, missing))?.lines ?? []) : []
  return [...rotated, ...current].flatMap((line) => parseAppLogLine(line) ?? [])
}

export function renderAppLogLine({ time, stream, text }: LogLine): string {
  return `${time.toISOString()} ${stream} ${text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}\n`
}

export function parseAppLogLine(line: string): LogLine | undefined {
  const match = /^(\S{20,27}Z) (stdout|stderr) (.*)$/s.exec(line)
  const time = new Date(match?.[1] ?? '')
  if (match === null || Number.isNaN(time.getTime())) return undefined
  return { time, stream: match[2] === 'stderr' ? 'stderr' : 'stdout', text: match[3] ?? '' }
}

async function append(path: string, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return
  await ensureDirectory(dirname(path))
  const size = (await absentAsUndefined(stat(path)))?.size ?? 0
  if (size > maxLogBytes) await rename(path, `${path}.1`)
  await appendFile(path, lines.map(renderAppLogLine).join(''), { mode: 0o640 })
}
