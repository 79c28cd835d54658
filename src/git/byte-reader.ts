// Reads a stream of bytes by line and by count.
import type { Readable } from 'node:stream'

export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(stream: Readable) {
    const chunks: AsyncIterable<Buffer> = stream
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next line without its end, as ASCII. */
  async line(): Promise<string> {
    while (!this.#rest.includes(10)) await this.#fill()
    return this.#cut(this.#rest.indexOf(10) + 1)
      .toString('latin1')
      .slice(0, -1)
  }

  /** The next `count` bytes at once. */
  async take(count: number): Promise<Buffer> {
    if (this.#rest.length >= count) return this.#cut(count)
    const pieces: Buffer[] = []
    for await (const piece of this.pieces(count)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  /** The next `count` bytes as they come. */
  async *pieces(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0) await this.#fill()
      const piece = this.#cut(Math.min(left, this.#rest.length))
      left -= piece.length
      yield piece
    }
  }

  #cut(count: number): Buffer {
    const bytes = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(count)
    return bytes
  }

  async #fill(): Promise<void> {
    const next = await this.#chunks.next()
    if (next.done === true) throw new Error('the output ended early')
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value])
  }
}
