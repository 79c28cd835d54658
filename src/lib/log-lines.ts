// The daemon's own log for a person at a terminal: `06:17:25 warn message  key=value`. Elsewhere it stays JSON.
import { writeSync } from 'node:fs'
import { z } from 'zod'

const levels: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }
const recordSchema = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string().optional(),
})
/** Anything can be thrown: what is no error is shown like any other field. */
const errorSchema = z.looseObject({ message: z.string(), stack: z.string().optional() })

/** A stream for pino. @param stacks whether an error is shown with its stack, not its message alone */
export function terminalStream(descriptor: number, stacks: boolean): { write: (json: string) => void } {
  return {
    write: (json) => {
      try {
        writeSync(descriptor, `${humanLine(json, stacks)}\n`)
      } catch {
        // A terminal that is closed or full costs a line of the log, not the daemon.
      }
    },
  }
}

export function humanLine(json: string, stacks: boolean): string {
  const { level, time, msg = '', ...fields } = recordSchema.parse(JSON.parse(json))
  const err = errorSchema.safeParse(fields['err']).data
  const shown = Object.entries({ ...fields, ...(err && { err: err.message }) }).map(
    ([key, value]) => `${key}=${short(value)}`,
  )
  const line = `${clockTime(time)} ${levels[level] ?? level} ${harmless(msg)}`
  const stack = stacks && err?.stack !== undefined ? `\n${err.stack.split('\n').map(harmless).join('\n')}` : ''
  return [line, shown.join(' ')].filter((part) => part !== '').join('  ') + stack
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
