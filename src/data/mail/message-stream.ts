// A mail on its way through: its header completed, its size limited, its body untouched and never held as a whole.
import { Transform, type TransformCallback } from 'node:stream'
import { bodyStart, completeHeader, type Origin } from './header.ts'
import { Refusal } from './refusal.ts'

const maxHeaderBytes = 128 * 1024

export class MessageStream extends Transform {
  /** Known once the header went through. */
  messageId = ''
  readonly #origin: Origin
  readonly #maxBytes: number
  #bytes = 0
  #header: string | undefined = ''

  constructor(origin: Origin, maxBytes: number) {
    super()
    this.#origin = origin
    this.#maxBytes = maxBytes
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length
    const tooLarge = this.#bytes > this.#maxBytes
    if (tooLarge) done(new Refusal(552, `5.3.4 The mail is larger than ${this.#maxBytes / 1024 / 1024} MB`))
    else if (this.#header === undefined) done(null, chunk)
    else done(this.#gather(this.#header + chunk.toString('latin1')))
  }

  /** A mail may be all header. */
  override _flush(done: TransformCallback): void {
    if (this.#header !== undefined) this.#pass(this.#header, '')
    done()
  }

  /** @param header as far as it has come */
  #gather(header: string): Refusal | null {
    this.#header = header
    const end = bodyStart(header)
    if ((end ?? header.length) > maxHeaderBytes)
      return new Refusal(552, `5.3.4 The header of the mail is larger than ${maxHeaderBytes / 1024} kB`)
    if (end !== undefined) this.#pass(header.slice(0, end), header.slice(end))
    return null
  }

  #pass(header: string, body: string): void {
    const { text, messageId } = completeHeader(header, this.#origin)
    this.#header = undefined
    this.messageId = messageId
    this.push(Buffer.from(text + body, 'latin1'))
  }
}
