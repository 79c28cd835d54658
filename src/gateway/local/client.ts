// The other end of the control socket: carries the streams of the `hosting` command to the daemon and back.
import { connect, type Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { HostingError } from '../../errors/hosting-error.ts'
import { hasErrorCode } from '../../lib/files.ts'
import { quoteWord } from '../command-line.ts'
import { createFrameReader, daemonMessages, decodeMessage, encodeMessage, type Frame } from './frames.ts'
import { type ClientInput, createClientInput, type TerminalInput } from './client-input.ts'
import { reachable } from './socket-path.ts'

export interface ClientStreams {
  readonly stdin: TerminalInput
  /** `isTTY` and the size are there when it is a terminal. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }
  readonly stderr: Writable
}

export interface RunningCommand {
  /** The exit status. */
  readonly ended: Promise<number>
  /** Ctrl-C */
  interrupt(): void
  resize(): void
}

/** @throws HostingError unavailable when no daemon answers there, forbidden when it is another user's */
export async function runOnDaemon(
  path: string,
  words: readonly string[],
  streams: ClientStreams,
): Promise<RunningCommand> {
  const socket = await connectTo(path)
  const { stdout } = streams
  const hasTerminal = stdout.isTTY === true
  const hasKeys = hasTerminal && streams.stdin.isTTY === true
  const input = createClientInput(socket, streams.stdin, hasKeys)
  const send = (type: 'open' | 'resize' | 'interrupt', message: unknown) =>
    void socket.write(encodeMessage(type, message))
  const terminal = () => ({ columns: stdout.columns ?? 0, rows: stdout.rows ?? 0 })
  const ended = untilEnded(socket, streams, input).finally(() => input.release())
  send('open', {
    ...(words.length === 0 ? {} : { commandLine: words.map(quoteWord).join(' ') }),
    ...(hasTerminal ? { terminal: terminal() } : {}),
    keys: hasKeys,
  })
  return { ended, interrupt: () => send('interrupt', null), resize: () => send('resize', terminal()) }
}

async function connectTo(path: string): Promise<Socket> {
  const { path: within, release } = await reachable(path).catch((error: unknown) =>
    Promise.reject(cannotConnect(path, error)),
  )
  try {
    return await new Promise((resolve, reject) => {
      const socket = connect({ path: within })
      socket.once('connect', () => resolve(socket.off('error', reject)))
      socket.once('error', reject)
    })
  } catch (error) {
    throw cannotConnect(path, error)
  } finally {
    await release()
  }
}

function cannotConnect(path: string, cause: unknown): HostingError {
  return hasErrorCode(cause, 'EACCES') || hasErrorCode(cause, 'EPERM')
    ? new HostingError('forbidden', `The control socket ${path} belongs to another user`, {
        hint: 'Use it as root (sudo hosting …), or the same command over SSH.',
        cause,
      })
    : new HostingError('unavailable', `No platform answers at ${path}`, {
        hint: 'Start it (npm start; once installed: systemctl start hosting), or name its home: hosting --home DIRECTORY …',
        cause,
      })
}

async function untilEnded(socket: Socket, streams: ClientStreams, input: ClientInput): Promise<number> {
  return await new Promise((resolve, reject) => {
    const read = createFrameReader((frame) => {
      if (frame.type === 'credit') input.grant(decodeMessage(daemonMessages.credit, frame))
      else if (frame.type === 'exit') resolve(decodeMessage(daemonMessages.exit, frame))
      else print(socket, frame, frame.type === 'stderr' ? streams.stderr : streams.stdout)
    })
    socket.on('data', read).on('error', reject)
    socket.once('close', () => reject(new HostingError('unavailable', 'The platform went away')))
  })
}

function print(socket: Socket, { payload }: Frame, to: Writable): void {
  if (to.write(payload) || socket.isPaused()) return
  socket.pause()
  to.once('drain', () => socket.resume())
}
