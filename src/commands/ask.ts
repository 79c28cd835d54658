// Asking a person at a terminal for a line, and reading a text that was piped in. Both are bounded and end when the visitor leaves.
import { createInterface } from 'node:readline'
import { HostingError } from '../errors/hosting-error.ts'
import type { CommandContext } from './types.ts'

const maxInputBytes = 64 * 1024

/** The line typed, or undefined when the person gave up (Ctrl-C, Ctrl-D, gone). Only with a terminal. */
export async function ask({ stdin, stdout, gone }: CommandContext, question: string): Promise<string | undefined> {
  // `terminal`: the client's terminal is in raw mode, so that echo and correction are ours to do.
  const lines = createInterface({ input: stdin, output: stdout, terminal: true, historySize: 0, signal: gone })
  try {
    return await new Promise((resolve) => {
      lines.once('close', () => resolve(undefined))
      lines.question(question, resolve)
    })
  } finally {
    lines.close()
  }
}

/** All of standard input. `what` is said on standard error first: a person at an open line would wait in vain for a prompt. */
export async function readInput(context: CommandContext, what: string): Promise<string> {
  return (await readBytes(context, what)).toString('utf8')
}

/** As `readInput`, for what may be no text. */
export async function readBytes({ stdin, stderr, gone }: CommandContext, what: string): Promise<Buffer> {
  if (stderr.writable) stderr.write(`Reading ${what} from standard input…\n`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin) {
    gone.throwIfAborted()
    const bytes = Buffer.from(chunk as Uint8Array)
    size += bytes.length
    if (size > maxInputBytes) throw new HostingError('too-large', `Standard input is over ${maxInputBytes} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
