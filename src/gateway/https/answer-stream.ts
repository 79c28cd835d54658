// What git writes becomes the answer: its head goes out with the first byte, so that what is refused before has a status of its own. What
// would be standard error over SSH goes where the client shows it: into the stream's second band, before its end (gitprotocol-pack(5)).
import type { ServerResponse } from 'node:http'
import { Writable } from 'node:stream'
import { collector } from '../ssh/garbage.ts'

const flushPacket = Buffer.from('0000')
/** Of a packet: 4 digits of length and the number of the band leave this much. */
const mostText = 65_515

export interface GitAnswer {
  readonly stdout: Writable
  readonly stderr: Writable
  /** Whether anything has been said. */
  readonly begun: () => boolean
  readonly end: () => Promise<void>
}

/** @param opening what comes before the first byte of git's */
export function answerStream(
  response: ServerResponse,
  { contentType, opening = '' }: { contentType: string; opening?: string },
): GitAnswer {
  let begun = false
  let hasBands = false
  let held: Buffer = Buffer.alloc(0)
  let bytes = 0
  const collect = collector()
  const said: Buffer[] = []
  const begin = (chunk: Buffer) => {
    begun = true
    hasBands = startsBand(chunk)
    response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache, max-age=0, must-revalidate' })
    if (opening !== '') response.write(opening)
  }
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!begun) begin(chunk)
      collect((bytes += chunk.length))
      const all = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const cut = all.length - zerosAtEnd(all)
      held = all.subarray(cut)
      if (cut === 0) done()
      else response.write(all.subarray(0, cut), () => done())
    },
  }).on('error', () => undefined)
  response.once('close', () => stdout.destroy())
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said.push(chunk)
      done()
    },
  })
  return {
    stdout,
    stderr,
    begun: () => begun,
    async end() {
      if (response.destroyed) return
      if (!begun) begin(held)
      const text = Buffer.concat(said).subarray(0, mostText)
      if (hasBands && held.equals(flushPacket) && text.length > 0) response.write(packet(text))
      await new Promise<void>((resolve) => {
        response.once('close', resolve)
        response.end(held, resolve)
      })
    },
  }
}

/** Four digits of length, then the number of a band. */
function startsBand(chunk: Buffer): boolean {
  const [band = 0] = chunk.subarray(4, 5)
  return /^[0-9a-f]{4}$/.test(chunk.toString('latin1', 0, 4)) && band >= 1 && band <= 3
}

/** At most the four of a packet that ends the stream; a line of text ends with something else, so that it is never held back. */
function zerosAtEnd(bytes: Buffer): number {
  let zeros = 0
  while (zeros < flushPacket.length && bytes[bytes.length - 1 - zeros] === 0x30) zeros++
  return zeros
}

function packet(text: Buffer): Buffer {
  const head = (text.length + 5).toString(16).padStart(4, '0')
  return Buffer.concat([Buffer.from(`${head}\x02`, 'latin1'), text])
}
