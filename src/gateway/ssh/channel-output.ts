// Standard output and error of a request on one SSH channel. They take turns, so that only one ever waits for the client's window, and
// wait for the socket too: ssh2 itself would queue whatever a client with a huge window doesn't read. Writing in vain is no error.
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
  const send = sendInTurn(wire)
  const to = (target: Writable) =>
    new Writable({
      highWaterMark: 128 * 1024,
      write: (chunk: Buffer, _encoding, done) => send({ target, pieces: [chunk], done }),
      writev: (waiting, done) => send({ target, pieces: gather(waiting.map(({ chunk }) => chunk as Buffer)), done }),
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

interface Sending {
  readonly target: Writable
  readonly pieces: Buffer[]
  readonly done: () => void
}

/** By callbacks, and one listener for all: 1 GB has 16,000 pieces, each of which would make promises and listeners of its own. */
function sendInTurn({ channel, socket, lost, translate }: Wire): (sending: Sending) => void {
  const turns: Sending[] = []
  const next = () => {
    const [current] = turns
    if (current === undefined) return
    const piece = current.pieces.shift()
    if (piece !== undefined) {
      write(current.target, piece)
      return
    }
    turns.shift()
    next()
    current.done()
  }
  const write = (target: Writable, piece: Buffer) => {
    // All packets of a piece leave in one call of the system.
    socket.cork()
    try {
      target.write(translate(piece), goOn)
    } catch {
      // It was torn down: in vain.
      goOn()
    } finally {
      socket.uncork()
    }
  }
  const goOn = () => {
    forgetSentPiece(channel)
    const keyExchange = findKeyExchange(channel)
    if (keyExchange !== undefined) keyExchange.once('rekey', goOn)
    else if (socket.writableLength > mostQueuedBytes) socket.once('drain', goOn)
    else next()
  }
  // A channel that closes meanwhile never calls back.
  lost.addEventListener('abort', () => turns.splice(0).forEach(({ done }) => done()))
  return (sending) => {
    if (lost.aborted) {
      sending.done()
      return
    }
    turns.push(sending)
    if (turns.length === 1) next()
  }
}

/** A stream that the handler destroyed is as good as ended. */
async function ended(stream: Writable): Promise<void> {
  stream.end()
  await finished(stream).catch(() => undefined)
}
