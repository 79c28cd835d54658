// Connects a client to a git process with back-pressure both ways, and says when the client has gone.
import { finished, type Readable, type Writable } from 'node:stream'
import type { GitProcess } from './git.ts'
import type { PackStreams } from './types.ts'

interface Connection {
  /** Bytes that came from the client. */
  readonly received: () => number
}

interface ConnectOptions {
  /** Called once, when nobody is there any more to read what git says; it is still read, and dropped. */
  readonly onGone: () => void
  /** A client who reads nothing for so long is taken for gone. */
  readonly stallLimitMs?: number
}

export function connect(child: GitProcess, streams: PackStreams, { onGone, stallLimitMs }: ConnectOptions): Connection {
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error('git was started without pipes')
  const leave = once(() => {
    release(stdout, streams.stdout)
    release(stderr, streams.stderr)
    onGone()
  })
  forward(stdout, streams.stdout, leave)
  forward(stderr, streams.stderr, () => release(stderr, streams.stderr))
  if (stallLimitMs !== undefined) onStall(stdout, stallLimitMs, leave)
  return { received: feed(streams.stdin, stdin) }
}

/** `pipe` pauses the source while its destination is full. */
function onStall(from: Readable, limitMs: number, action: () => void): void {
  let timer: NodeJS.Timeout | undefined
  const clear = () => clearTimeout(timer)
  from.on('pause', () => {
    clear()
    timer = setTimeout(action, limitMs)
  })
  from.on('resume', clear).once('close', clear)
}

/** The process drains even when the client doesn't: its output is read and dropped, so that it never blocks or breaks on it. */
function release(from: Readable, to: Writable): void {
  from.unpipe(to)
  from.resume()
}

function forward(from: Readable, to: Writable, onLost: () => void): void {
  if (to.destroyed || to.writableEnded) {
    onLost()
    return
  }
  to.once('close', onLost).on('error', onLost)
  from.pipe(to, { end: false })
  from.once('close', () => to.off('close', onLost))
}

function feed(from: Readable, to: Writable): () => number {
  let received = 0
  from.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  from.pipe(to)
  // A client cut off in the middle of a pack: git must see an end, or it waits for ever.
  finished(from, { writable: false }, () => to.end())
  // git stopped reading (a pack over its limit, a refusal): let the client send the rest into the void, then it reads why.
  const drop = () => {
    from.unpipe(to)
    from.resume()
  }
  to.on('error', drop).once('close', drop)
  return () => received
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}
