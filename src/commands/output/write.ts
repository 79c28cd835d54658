// Writing to a visitor who may read slowly or be gone.
import type { Writable } from 'node:stream'
import { printable } from '../../errors/render.ts'
import type { CommandContext, Outcome } from '../types.ts'

type Out = Pick<CommandContext, 'stdout' | 'gone'>

/** Resolves once there is room for more: true, or false when nobody reads any longer. */
export async function write(out: Out, text: string): Promise<boolean> {
  if (!isRead(out)) return false
  if (!out.stdout.write(text)) await drained(out)
  return isRead(out)
}

function isRead({ stdout, gone }: Out): boolean {
  return !gone.aborted && stdout.writable
}

async function drained({ stdout: stream, gone }: Out): Promise<void> {
  await new Promise<void>((resolve) => {
    const events = ['drain', 'close', 'error'] as const
    const end = () => {
      for (const event of events) stream.off(event, end)
      gone.removeEventListener('abort', end)
      resolve()
    }
    for (const event of events) stream.on(event, end)
    gone.addEventListener('abort', end)
  })
}

export async function writeOutcome(context: CommandContext, outcome: Outcome): Promise<void> {
  const lines = context.json ? [renderJson(outcome.data, 2)] : outcome.text(context.view)
  if (lines.length > 0) await write(context, `${lines.join('\n')}\n`)
}

/** JSON that cannot steer a terminal: what JSON.stringify leaves in place is escaped, and still means the same. */
export function renderJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A line of progress: never waits, never throws; who is gone misses it. */
export function writeLine(stream: Writable, line: string): void {
  if (stream.writable) stream.write(`${printable(line)}\n`)
}
