// The archive of what a site's ended instances printed: app.log. A line is `<ISO time> <stream> <text>`.
import type { LogLine } from '../runtime/runtime.ts'
import { appendToLog, onOneLine, readLog } from './rotating-log.ts'

export async function appendAppLog(path: string, lines: readonly LogLine[]): Promise<void> {
  await appendToLog(path, lines.map(renderAppLogLine).join(''))
}

/** The last `count` lines, oldest first. */
export async function readAppLog(path: string, count: number): Promise<LogLine[]> {
  return (await readLog(path, count)).flatMap((line) => parseAppLogLine(line) ?? [])
}

export function renderAppLogLine({ time, stream, text }: LogLine): string {
  return `${time.toISOString()} ${stream} ${onOneLine(text)}\n`
}

export function parseAppLogLine(line: string): LogLine | undefined {
  const match = /^(\S{20,27}Z) (stdout|stderr) (.*)$/s.exec(line)
  const time = new Date(match?.[1] ?? '')
  if (match === null || Number.isNaN(time.getTime())) return undefined
  return { time, stream: match[2] === 'stderr' ? 'stderr' : 'stdout', text: match[3] ?? '' }
}
