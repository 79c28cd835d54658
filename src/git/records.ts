// Splits the output of `git … -z` at its NUL bytes, as bytes: names need not be UTF-8.
import type { Readable } from 'node:stream'

/** Yields the records that each chunk completes, so that 20,000 of them cost some hundred turns of the event loop and not 20,000. */
export async function* recordsIn(stream: Readable): AsyncGenerator<Buffer[]> {
  const chunks: AsyncIterable<Buffer> = stream
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const records: Buffer[] = []
    let from = 0
    for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, from)) {
      records.push(bytes.subarray(from, end))
      from = end + 1
    }
    rest = bytes.subarray(from)
    yield records
  }
}
