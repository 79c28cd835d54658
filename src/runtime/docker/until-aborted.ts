// Reads a stream of Docker until its end, its breaking off, or a signal; all three are simply the end.
import { Readable } from 'node:stream'

export async function* untilAborted(
  stream: NodeJS.ReadableStream,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const stop = () => {
    if (stream instanceof Readable) stream.destroy()
  }
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) stop()
    for await (const chunk of stream) yield Buffer.from(chunk)
  } catch {
    // A stream breaks off when its container is removed, Docker is stopped, or we destroyed it ourselves.
  } finally {
    signal?.removeEventListener('abort', stop)
    stop()
  }
}
