// One connection to the control socket, seen from the daemon: its frames become the streams of a request, its end an exit status.
import type { Socket } from 'node:net'
import { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { z } from 'zod'
import type { Log } from '../../lib/log.ts'
import type { Request } from '../session.ts'
import { cookKeys, rawKeys, sizeOf } from '../terminal-streams.ts'
import { clientMessages, createFrameReader, decodeMessage, encodeData, encodeMessage, type Frame } from './frames.ts'

export type Open = z.infer<typeof clientMessages.open>
export type Visitor = Omit<Request, 'account' | 'door' | 'remoteAddress'>

interface VisitContext {
  readonly log: Log
  readonly run: (visitor: Visitor, open: Open) => Promise<number>
  readonly explain: (thrown: unknown) => { lines: string[]; status: number }
}

const firstCredit = 256 * 1024

export function receiveVisit(socket: Socket, context: VisitContext): void {
  const { log } = context
  const closed = new AbortController()
  let visit: ReturnType<typeof beginVisit> | undefined
  const read = createFrameReader((frame) => {
    if (visit !== undefined) visit.take(frame)
    else if (frame.type === 'open')
      visit = beginVisit(socket, decodeMessage(clientMessages.open, frame), { ...context, closed: closed.signal })
    else throw new Error('The first frame has to be open')
  })
  socket.on('error', (error) => log.debug({ err: error }, 'control socket'))
  socket.once('close', () => closed.abort())
  socket.on('data', (chunk) => {
    try {
      read(chunk)
    } catch (error) {
      log.warn({ err: error }, 'the control socket was spoken to in another language')
      socket.destroy()
    }
  })
}

function beginVisit(socket: Socket, open: Open, context: VisitContext & { closed: AbortSignal }) {
  const { closed, run, explain } = context
  const gone = new AbortController()
  closed.addEventListener('abort', () => gone.abort())
  const terminal = open.terminal && sizeOf(open.terminal.columns, open.terminal.rows)
  const input = inputOf(socket, closed)
  const stdout = outputOf(socket, 'stdout')
  const stderr = outputOf(socket, 'stderr')
  // At a shell's prompt all keys are the shell's; a command has a terminal driver in front of it, until it takes them.
  let read = open.keys && open.commandLine !== undefined ? cookKeys : rawKeys
  const takeKeys = () => {
    const before = read
    read = rawKeys
    return () => void (read = before)
  }
  let interrupt = () => gone.abort()
  const takeSignals: Request['takeSignals'] = (deliver) => void (interrupt = () => deliver('INT'))
  // Its output may be a terminal where its input is a pipe.
  const taking = { takeSignals, ...(open.keys ? { takeKeys } : {}) }
  const visitor = { stdin: input.stdin, stdout, stderr, gone: gone.signal, ...taking, ...(terminal && { terminal }) }
  void run(visitor, open)
    .catch((thrown: unknown) => {
      const { lines, status } = explain(thrown)
      stderr.write(`${lines.join('\n')}\n`)
      return status
    })
    .then((status) => endVisit(socket, { stdout, stderr, stdin: input.stdin, status }))
  const takeInput = ({ payload }: Frame) => {
    const keys = read(payload)
    input.take(keys.text, payload.length)
    if (keys.ended) input.end()
    if (keys.interrupted) gone.abort()
  }
  const take = (frame: Frame) => {
    if (frame.type === 'stdin') takeInput(frame)
    else if (frame.type === 'stdinEnd') input.end()
    else if (frame.type === 'interrupt') interrupt()
    else if (frame.type === 'resize' && terminal !== undefined) resize(terminal, frame)
    else throw new Error(`A client doesn't send ${frame.type}`)
  }
  return { take }
}

function resize(terminal: { columns: number; rows: number }, frame: Frame): void {
  const { columns, rows } = decodeMessage(clientMessages.resize, frame)
  Object.assign(terminal, sizeOf(columns, rows))
}

/** What was read is granted anew, so that at most `firstCredit` bytes are ever under way or waiting. */
function inputOf(socket: Socket, closed: AbortSignal) {
  let owed = firstCredit
  let ended = false
  const grant = () => {
    if (owed > 0 && socket.writable) socket.write(encodeMessage('credit', owed))
    owed = 0
  }
  const stdin = new Readable({ highWaterMark: 64 * 1024, read: grant }).on('error', () => undefined)
  closed.addEventListener('abort', () => {
    if (!ended) stdin.destroy(new Error('The client went away in the middle of its input'))
  })
  const take = (bytes: Buffer, received: number) => {
    owed += received
    if (ended || stdin.destroyed || bytes.length === 0 || stdin.push(bytes)) grant()
    if (stdin.readableLength > 4 * firstCredit) throw new Error('More input than was granted')
  }
  const end = () => {
    if (!ended) stdin.push(null)
    ended = true
  }
  return { stdin, take, end }
}

/** A chunk counts as written when the kernel has it. Once the client is gone, the stream is closed. */
function outputOf(socket: Socket, type: 'stdout' | 'stderr'): Writable {
  const stream = new Writable({
    highWaterMark: 128 * 1024,
    // All that waits goes out as one: `logs` writes line by line.
    writev(waiting, done) {
      const data = Buffer.concat(waiting.map(({ chunk }) => chunk as Buffer))
      socket.write(encodeData(type, data), () => done())
    },
  }).on('error', () => undefined)
  socket.once('close', () => stream.destroy())
  return stream
}

async function endVisit(
  socket: Socket,
  { stdout, stderr, stdin, status }: { stdout: Writable; stderr: Writable; stdin: Readable; status: number },
): Promise<void> {
  for (const stream of [stdout, stderr]) {
    stream.end()
    await finished(stream).catch(() => undefined)
  }
  stdin.destroy()
  if (socket.writable) socket.end(encodeMessage('exit', status))
}
