// Copies what an attached container prints to whoever reads it, waiting for them: frames to two streams, or a terminal's bytes to one.
import type { Writable } from 'node:stream'
import type { ToolStreams } from '../runtime.ts'
import { createDemultiplexer, type Frame } from './frames.ts'

export interface OutputCopy {
  /** Resolves when all of it was taken, or nobody takes it any more. */
  readonly ended: Promise<void>
  /** Whether something came since this was asked before, or is waited for to be taken. */
  isBusy(): boolean
}

export function createOutputCopy(source: NodeJS.ReadableStream, streams: ToolStreams): OutputCopy {
  let copied = 0
  let seen = 0
  let waiting = false

  async function copy(): Promise<void> {
    const framesOf = streams.terminal === undefined ? createDemultiplexer() : oneStream
    for await (const chunk of source) {
      for (const { stream, payload } of framesOf(Buffer.from(chunk))) {
        copied += payload.length
        waiting = true
        await put(streams[stream], payload, streams.signal)
        waiting = false
      }
    }
  }

  return {
    // A stream breaks off when its container is removed: that is its end.
    ended: copy().catch(() => undefined),
    isBusy() {
      const busy = waiting || copied !== seen
      seen = copied
      return busy
    },
  }
}

function oneStream(payload: Buffer): Frame[] {
  return [{ stream: 'stdout', payload }]
}

async function put(to: Writable, payload: Buffer, signal: AbortSignal): Promise<void> {
  if (!to.writable || signal.aborted || to.write(payload)) return
  const events = ['drain', 'close', 'error'] as const
  await new Promise<void>((resolve) => {
    const end = () => {
      for (const event of events) to.off(event, end)
      signal.removeEventListener('abort', end)
      resolve()
    }
    for (const event of events) to.on(event, end)
    signal.addEventListener('abort', end)
  })
}
