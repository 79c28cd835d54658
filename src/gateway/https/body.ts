// The body of a request as its program is to read it: unpacked where the client has packed it, and never larger than it may be.
import type { IncomingMessage } from 'node:http'
import { pipeline, type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { HostingError } from '../../errors/hosting-error.ts'
import { collector } from '../ssh/garbage.ts'

/** Ends in an error when the body is too large or badly packed. @throws HostingError invalid-request for another packing */
export function bodyOf(request: IncomingMessage, maxBytes: number): Readable {
  const packing = request.headers['content-encoding'] ?? 'identity'
  const bound = boundedTo(maxBytes)
  const ignore = () => undefined
  if (packing === 'identity') return pipeline(request, bound, ignore)
  if (packing === 'gzip' || packing === 'x-gzip') return pipeline(request, createGunzip(), bound, ignore)
  throw new HostingError('invalid-request', 'The request is packed in a way that is not understood', {
    hint: 'Only gzip is.',
  })
}

/** Counted after it was unpacked: 1 MB of gzip may hold 1 GB. */
function boundedTo(maxBytes: number): Transform {
  let bytes = 0
  const collect = collector()
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      collect(bytes)
      if (bytes <= maxBytes) done(null, chunk)
      else done(tooLarge(maxBytes))
    },
  })
}

function tooLarge(maxBytes: number): HostingError {
  return new HostingError('too-large', `The request has more than ${Math.floor(maxBytes / 1024 / 1024)} MB`, {
    hint: 'Push the history in parts, or ask whoever runs this server to raise max-push-mb.',
  })
}

/** A small body whole. @throws HostingError too-large */
export async function readWhole(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of bodyOf(request, maxBytes) as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
