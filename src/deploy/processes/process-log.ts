// worker.log and cron.log of a site: what its workers printed until they were replaced, what its cron entries print, and what became of
// them. A line is `<ISO time> <name> <stream> <text>`.
import { join } from 'node:path'
import { type Home, siteLogPath } from '../../config/home.ts'
import { appendToLog, onOneLine, readLog } from '../rotating-log.ts'

export interface ProcessLine {
  readonly time: Date
  /** Of a worker, or the number of a cron entry. */
  readonly name: string
  /** event: said by the platform. */
  readonly stream: 'stdout' | 'stderr' | 'event'
  readonly text: string
}

export type ProcessKind = 'worker' | 'cron'

export function processLogPath(home: Home, site: string, kind: ProcessKind): string {
  return join(siteLogPath(home, site), `${kind}.log`)
}

export async function appendProcessLog(path: string, lines: readonly ProcessLine[]): Promise<void> {
  await appendToLog(path, lines.map(renderProcessLine).join(''))
}

/** The last `count` lines, oldest first. */
export async function readProcessLog(path: string, count: number): Promise<ProcessLine[]> {
  return (await readLog(path, count)).flatMap((line) => parseProcessLine(line) ?? [])
}

export function renderProcessLine({ time, name, stream, text }: ProcessLine): string {
  return `${time.toISOString()} ${name} ${stream} ${onOneLine(text)}\n`
}

export function parseProcessLine(line: string): ProcessLine | undefined {
  const [, at = '', name = '', stream, text = ''] =
    /^(\S{20,27}Z) ([\w-]+) (stdout|stderr|event) (.*)$/s.exec(line) ?? []
  const time = new Date(at)
  if (Number.isNaN(time.getTime())) return undefined
  if (stream !== 'stdout' && stream !== 'stderr' && stream !== 'event') return undefined
  return { time, name, stream, text }
}
