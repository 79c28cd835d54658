// The parts that read git's output byte by byte: however it is cut into chunks, the same comes out.
import fc from 'fast-check'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../../src/git/byte-reader.ts'
import { recordsIn } from '../../../src/git/records.ts'

/** Cuts bytes at any places. */
const chunked = (bytes: Buffer, cuts: readonly number[]) => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
  return Readable.from(
    chunks.filter((chunk) => chunk.length > 0),
    { objectMode: false },
  )
}

describe('recordsIn', () => {
  it('finds the records wherever the chunks end', async () => {
    const record = fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)))
    await fc.assert(
      fc.asyncProperty(fc.array(record), fc.array(fc.nat()), async (records, cuts) => {
        const stream = chunked(Buffer.concat(records.flatMap((one) => [one, Buffer.from([0])])), cuts)
        const found: string[] = []
        for await (const some of recordsIn(stream)) found.push(...some.map((one) => one.toString('latin1')))
        expect(found).toEqual(records.map((one) => one.toString('latin1')))
      }),
    )
  })
})

describe('ByteReader', () => {
  it('reads lines, counted bytes and pieces wherever the chunks end', async () => {
    const blob = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
    await fc.assert(
      fc.asyncProperty(fc.array(blob), fc.array(fc.nat()), async (blobs, cuts) => {
        const stream = chunked(Buffer.concat(blobs.flatMap((one) => [Buffer.from(`${one.length}\n`), one, one])), cuts)
        const reader = new ByteReader(stream)
        for (const one of blobs) {
          expect(await reader.line()).toBe(String(one.length))
          expect(await reader.take(one.length)).toEqual(one)
          const pieces: Buffer[] = []
          for await (const piece of reader.pieces(one.length)) pieces.push(piece)
          expect(Buffer.concat(pieces)).toEqual(one)
        }
      }),
    )
  })

  it('says so when the output ends early', async () => {
    const reader = new ByteReader(Readable.from([Buffer.from('abc')]))
    await expect(reader.take(4)).rejects.toThrow('ended early')
  })
})
