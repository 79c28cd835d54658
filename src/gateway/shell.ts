// An interactive login: who you are, what you can do, and at a terminal a prompt until Ctrl-D or `exit`.
import { createInterface } from 'node:readline'
import { PassThrough, type Readable } from 'node:stream'
import type { Request } from './session.ts'
import { cookKeys, rawKeys } from './terminal-streams.ts'

const mostTypedAhead = 64 * 1024

type Run = (request: Request, commandLine: string) => Promise<number>

export async function runShell(request: Request, run: Run): Promise<number> {
  await run(request, 'whoami')
  await run(request, 'help')
  if (request.terminal === undefined) return 0
  for (;;) {
    const line = await askForLine(request)
    if (line === undefined || /^\s*(exit|quit|logout)\s*$/.test(line)) return 0
    if (line.trim() === '') continue
    // A prompt may stay open for weeks.
    const current = request.recheck === undefined ? request : await request.recheck()
    if (current === undefined) {
      request.stderr.write('✗ What you logged in with was removed\n')
      return 4
    }
    await runAtPrompt({ ...request, ...current }, line, run)
  }
}

/** undefined after Ctrl-D, Ctrl-C or a hang-up. */
async function askForLine({ stdin, stdout, gone }: Request): Promise<string | undefined> {
  if (gone.aborted || stdin.readableEnded || stdin.destroyed) return undefined
  const prompt = createInterface({ input: stdin, output: stdout, terminal: true, historySize: 0, signal: gone })
  try {
    return await new Promise<string | undefined>((resolve) => {
      prompt.once('close', () => resolve(undefined))
      prompt.question('hosting> ', resolve)
    })
  } finally {
    prompt.close()
  }
}

/** While a command runs, Ctrl-C ends the command and not the session. */
async function runAtPrompt(request: Request, line: string, run: Run): Promise<void> {
  const interrupted = new AbortController()
  const keys = commandInput(request.stdin, interrupted)
  const gone = AbortSignal.any([request.gone, interrupted.signal])
  try {
    await run({ ...request, stdin: keys.stdin, gone, takeKeys: keys.takeKeys }, line)
  } finally {
    keys.release()
  }
}

function commandInput(from: Readable, interrupted: AbortController) {
  const stdin = new PassThrough().on('error', () => undefined)
  let read = cookKeys
  const takeKeys = () => {
    read = rawKeys
    return () => void (read = cookKeys)
  }
  const take = (chunk: Buffer) => {
    const keys = read(chunk)
    // As a terminal driver does: what nobody reads is dropped at some point, so that Ctrl-C is still heard.
    if (stdin.writable && stdin.writableLength < mostTypedAhead) stdin.write(keys.text)
    if (keys.ended) stdin.end()
    if (keys.interrupted) interrupted.abort()
  }
  const finish = () => void stdin.end()
  // readline has left it paused.
  from.on('data', take).once('end', finish).resume()
  const release = () => {
    from.off('data', take).off('end', finish).pause()
    stdin.destroy()
  }
  return { stdin, takeKeys, release }
}
