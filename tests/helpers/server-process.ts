// A server of somebody else (Pebble, BIND) as a process of one test: ended with it, and its last words are in the error.
import { killGroup, start } from '../../src/lib/exec.ts'
import { until } from './until.ts'

export interface ServerProcess {
  readonly output: () => string
  [Symbol.asyncDispose](): Promise<void>
}

export interface ServerCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly ready: () => Promise<boolean>
}

export async function startServer({ file, args, env = {}, ready }: ServerCommand): Promise<ServerProcess> {
  const child = start(file, args, { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
  let ended = false
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  void closed.then(() => (ended = true))
  const stop = async () => {
    if (!ended) killGroup(child.pid)
    await closed
  }
  try {
    await until(`${file} to answer`, () => {
      if (ended) throw new Error(`${file} has ended:\n${output}`)
      return ready()
    })
  } catch (error) {
    await stop()
    throw new Error(`${file} did not start:\n${output}`, { cause: error })
  }
  return { output: () => output, [Symbol.asyncDispose]: stop }
}
