// The daemon's own log for a person, at a terminal (`06:17:25 warn message  key=value`) or in the journal of systemd, which
// notes time and program itself. Elsewhere it stays JSON.
import { writeSync } from 'node:fs'
import { z } from 'zod'

const levels: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }
/** What `journalctl --priority` knows them by (sd-daemon(3)). */
const priorities: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3 }
const recordSchema = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string().optional(),
})
type LogRecord = z.infer<typeof recordSchema>
/** Anything can be thrown: what is no error is shown like any other field. */
const errorSchema = z.looseObject({ message: z.string(), stack: z.string().optional() })

/** A stream for pino. @param line renders what pino writes: `humanLine` or `journalLines` */
export function lineStream(descriptor: number, line: (json: string) => string): { write: (json: string) => void } {
  return {
    write: (json) => {
      try {
        writeSync(descriptor, `${line(json)}\n`)
      } catch {
        // A terminal that is closed or full costs a line of the log, not the daemon.
      }
    },
  }
}

/** @param stacks whether an error is shown with its stack, not its message alone */
export function humanLine(json: string, stacks: boolean): string {
  const record = recordSchema.parse(JSON.parse(json))
  return `${clockTime(record.time)} ${levels[record.level] ?? record.level} ${content(record, stacks)}`
}

/** Each line is an entry of its own in the journal, hence a priority on each. Errors come with their stacks: who else keeps them? */
export function journalLines(json: string, stacks: boolean): string {
  const record = recordSchema.parse(JSON.parse(json))
  const prefix = `<${priorities[record.level] ?? 2}>`
  return prefix + content(record, stacks || record.level >= 50).replaceAll('\n', `\n${prefix}`)
}

function content({ msg = '', ...record }: LogRecord, stacks: boolean): string {
  const err = errorSchema.safeParse(record['err']).data
  const shown = Object.entries({ ...record, ...(err && { err: err.message }) })
    .filter(([key]) => key !== 'level' && key !== 'time')
    .map(([key, value]) => `${key}=${short(value)}`)
  const stack = stacks && err?.stack !== undefined ? `\n${err.stack.split('\n').map(harmless).join('\n')}` : ''
  return [harmless(msg), shown.join(' ')].filter((part) => part !== '').join('  ') + stack
}

function clockTime(time: number): string {
  const date = new Date(time)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** A word as it is, anything else as JSON. */
function short(value: unknown): string {
  const plain = typeof value === 'string' && /^[^\s"=]+$/.test(value)
  return harmless(plain ? value : JSON.stringify(value))
}

/** What a client sent may stand in a log: it must not steer the terminal. */
function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
