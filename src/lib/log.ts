// The daemon's own log (pino): JSON lines, or lines for a person when a terminal or the journal reads them. Secrets redact
// themselves (lib/secret.ts), so nothing is filtered here.
import { fstatSync } from 'node:fs'
import { isatty } from 'node:tty'
import { pino, type Logger } from 'pino'
import { humanLine, journalLines, lineStream } from './log-lines.ts'

export type Log = Logger

/** @param destination a file descriptor: 2 in the foreground, where standard output belongs to the banner */
export function createLog(level: string, destination: number | string = 2): Log {
  const options = { level, base: null }
  const render = typeof destination === 'number' ? readerOf(destination) : undefined
  if (typeof destination !== 'number' || render === undefined)
    return pino(options, pino.destination({ dest: destination, sync: true }))
  const stacks = level === 'debug' || level === 'trace'
  return pino(
    options,
    lineStream(destination, (json) => render(json, stacks)),
  )
}

/** What renders lines for who reads a descriptor: a terminal or the journal; undefined for what is read by programs. */
function readerOf(descriptor: number): typeof humanLine | undefined {
  if (isatty(descriptor)) return humanLine
  // Device and inode, as systemd names what it has connected (systemd.exec(5)): the output may have been led elsewhere since.
  const { dev, ino } = fstatSync(descriptor)
  return process.env['JOURNAL_STREAM'] === `${dev}:${ino}` ? journalLines : undefined
}

export const silentLog: Log = pino({ level: 'silent' })
