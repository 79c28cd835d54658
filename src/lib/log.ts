// The daemon's own log (pino, JSON lines). Secrets redact themselves (lib/secret.ts), so nothing is filtered here.
import { pino, type Logger } from 'pino'

export type Log = Logger

/** @param destination a file descriptor: 2 in the foreground, where standard output belongs to the banner */
export function createLog(level: string, destination: number | string = 2): Log {
  return pino({ level, base: null }, pino.destination({ dest: destination, sync: true }))
}

export const silentLog: Log = pino({ level: 'silent' })
