// Runs a created container to its end and hands out what it prints, line by line.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from 'dockerode'
import { z } from 'zod'
import { ask, askUnless } from './engine.ts'
import { createDemultiplexer } from './frames.ts'
import { createLineJoiner } from '../../lib/lines.ts'

const tailLines = 20
/** After a container's end its last output is on its way for a moment; a stream that never ends must not hold us. */
const lastOutputMs = 5000

export interface Ended {
  readonly exitCode: number
  readonly tail: readonly string[]
}

/** @param signal kills it */
export async function runToEnd(
  container: Container,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<Ended> {
  const tail: string[] = []
  // Attached before the start: nothing that it prints is missed.
  const stream = await ask(container.attach({ stream: true, stdout: true, stderr: true }))
  const closed = follow(stream, (line) => {
    tail.splice(0, tail.push(line) - tailLines)
    onLine(line)
  })
  await ask(container.start())
  const exitCode = await waitForEnd(container, signal)
  await Promise.race([closed, delay(lastOutputMs, undefined, { ref: false })])
  return { exitCode, tail }
}

const waitSchema = z.object({ StatusCode: z.number().int() })

/** Only once it has been started: until then a container counts as "not running", and the wait ends at once. */
async function waitForEnd(container: Container, signal: AbortSignal | undefined): Promise<number> {
  const kill = () => void askUnless([404, 409], container.kill()).catch(() => undefined)
  signal?.addEventListener('abort', kill, { once: true })
  try {
    if (signal?.aborted) kill()
    return waitSchema.parse(await ask(container.wait())).StatusCode
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}

/** Reads as fast as it can: a program must not be held up by a slow reader of its output. */
async function follow(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  const demultiplex = createDemultiplexer()
  const joiners = { stdout: createLineJoiner(), stderr: createLineJoiner() }
  stream.on('data', (chunk: Buffer) => {
    for (const frame of demultiplex(chunk)) joiners[frame.stream].push(frame.payload).forEach(onLine)
  })
  await once(stream, 'close').catch(() => undefined)
  for (const joiner of [joiners.stdout, joiners.stderr]) joiner.end().forEach(onLine)
}
