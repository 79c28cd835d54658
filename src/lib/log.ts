// The daemon's own log (pino): JSON lines, or lines for a person when a terminal reads them. Secrets redact themselves
// (lib/secret.ts), so nothing is filtered here.
import { isatty } from 'node:tty'
import { pino, type Logger } from 'pino'
import { terminalStream } from './log-lines.ts'

export type Log = Logger

/** @param destination a file descriptor: 2 in the foreground, where standard output belongs to the banner */
export function createLog(level: string, destination: number | string = 2): Log {
  const options = { level, base: null }
  if (typeof destination === 'number' && isatty(destination))
    return pino(options, terminalStream(destination, level === 'debug' || level === 'trace'))
  return pino(options, pino.destination({ dest: destination, sync: true }))
}

export const silentLog: Log = pino({ level: 'silent' })
