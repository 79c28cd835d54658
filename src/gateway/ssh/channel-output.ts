// Standard output and error of a request on one SSH channel. They take turns, so that only one ever waits for the client's window, and
// wait for the socket too: ssh2 itself would queue whatever a client with a huge window doesn't read. Writing in vain is no error.
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { ServerChannel } from 'ssh2'
import { findKeyExchange, forgetSentPiece } from './ssh2-repairs.ts'

const mostQueuedBytes = 1024 * 1024
/** What the packets of OpenSSH's client hold. */
const gatheredBytes = 32 * 1024

interface Wire {
  readonly channel: ServerChannel
  readonly socket: Socket
  /** The channel is closed: what is written from now on is in vain. */
  readonly lost: AbortSignal
  readonly translate: (chunk: Buffer) => Buffer
}

export interface ChannelOutput {
  readonly stdout: Writable
  readonly stderr: Writable
  /** Ends both and resolves when all of it is sent, or in vain. */
  flush(): Promise<void>
}

export function channelOutput(wire: Wire): ChannelOutput {
  let turn = Promise.resolve()
  const inTurn = (target: Writable, pieces: readonly Buffer[], done: (error?: Error | null) => void) => {
    for (const piece of pieces) turn = turn.then(() => send(wire, target, piece))
    turn.then(() => done(), done)
  }
  const to = (target: Writable) =>
    new Writable({
      highWaterMark: 128 * 1024,
      write: (chunk: Buffer, _encoding, done) => inTurn(target, [chunk], done),
      writev: (waiting, done) => inTurn(target, gather(waiting.map(({ chunk }) => chunk as Buffer)), done),
    }).on('error', () => undefined)
  const stdout = to(wire.channel)
  const stderr = to(wire.channel.stderr)
  // Their `close` tells a handler that nobody is there any more.
  wire.lost.addEventListener('abort', () => [stdout, stderr].forEach((stream) => stream.destroy()))
  const flush = async () => {
    await Promise.all([ended(stdout), ended(stderr)])
  }
  return { stdout, stderr, flush }
}

/** What waits in small pieces goes out in large ones: a packet for each line of a log would cost many times as much. Large ones aren't copied. */
function gather(chunks: readonly Buffer[]): Buffer[] {
  const pieces: Buffer[][] = []
  let size = gatheredBytes
  for (const chunk of chunks) {
    if (size + chunk.length > gatheredBytes) {
      pieces.push([])
      size = 0
    }
    pieces.at(-1)?.push(chunk)
    size += chunk.length
  }
  return pieces.map((piece) => (piece.length === 1 && piece[0] !== undefined ? piece[0] : Buffer.concat(piece)))
}

async function send({ channel, socket, lost, translate }: Wire, target: Writable, chunk: Buffer): Promise<void> {
  if (lost.aborted) return
  await untilDoneOr(lost, (done) => target.write(translate(chunk), done))
  forgetSentPiece(channel)
  const keyExchange = findKeyExchange(channel)
  if (keyExchange !== undefined) await untilEvent(keyExchange, 'rekey', lost)
  if (socket.writableLength > mostQueuedBytes) await untilEvent(socket, 'drain', lost)
}

/** A channel that closes meanwhile never calls back, and one that was torn down throws. */
async function untilDoneOr(lost: AbortSignal, start: (done: () => void) => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      lost.removeEventListener('abort', end)
      resolve()
    }
    lost.addEventListener('abort', end)
    start(end)
  }).catch(() => undefined)
}

async function untilEvent(emitter: EventEmitter, event: string, lost: AbortSignal): Promise<void> {
  let listener: () => void = () => undefined
  await untilDoneOr(lost, (done) => {
    listener = done
    emitter.once(event, done)
  })
  emitter.off(event, listener)
}

/** A stream that the handler destroyed is as good as ended. */
async function ended(stream: Writable): Promise<void> {
  stream.end()
  await finished(stream).catch(() => undefined)
}
