// A stream for what a program prints, when it is wanted line by line.
import { Writable } from 'node:stream'
import { createLineJoiner } from '../lib/lines.ts'
import type { Print } from './types.ts'

/** The last line, if it has no end, is printed when the stream is ended. */
export function lineOutput(print: Print): Writable {
  const joiner = createLineJoiner()
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      joiner.push(chunk).forEach((line) => print(line))
      done()
    },
    final(done) {
      joiner.end().forEach((line) => print(line))
      done()
    },
  })
}
