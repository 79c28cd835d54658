// The JSON objects, one a line, that Docker's build, pull, import and events answers consist of.
import { createLineJoiner } from '../../lib/lines.ts'

const maxLineBytes = 16 * 1024 * 1024

/** What a broken connection cut off, or is no JSON, is no event. */
export async function* jsonLines(stream: AsyncIterable<Buffer | string>): AsyncGenerator {
  const joiner = createLineJoiner(maxLineBytes)
  for await (const chunk of stream) yield* joiner.push(Buffer.from(chunk)).flatMap(parsed)
}

function parsed(line: string): unknown[] {
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}
