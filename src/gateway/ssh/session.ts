// One session channel (RFC 4254, 6): what the client says about its surroundings, then the one thing it wants run.
import type { Socket } from 'node:net'
import type { ServerChannel, Session } from 'ssh2'
import type { Log } from '../../lib/log.ts'
import type { ClientSignal, Handlers, Request } from '../session.ts'
import { cookKeys, rawKeys, sizeOf, withCarriageReturns } from '../terminal-streams.ts'
import type { BufferWatch } from './buffers.ts'
import { channelInput } from './channel-input.ts'
import { channelOutput } from './channel-output.ts'
import type { Visitor } from './login.ts'
import { acceptsPackets } from './ssh2-repairs.ts'

export interface SessionContext {
  readonly socket: Socket
  readonly address: string
  /** As the client gave it. */
  readonly userName: string
  readonly buffers: BufferWatch
  readonly handlers: Handlers
  readonly log: Log
  /** Aborts when the connection is closed. */
  readonly disconnected: AbortSignal
  /** Who it is by now; undefined when the key, password or token was removed since the login. */
  visitor(): Promise<Visitor | undefined>
  /** Gets each request, to wait for or to interrupt when the door closes. */
  started(work: RunningWork): void
}

export interface RunningWork {
  readonly ended: Promise<void>
  /** Asks it to end, as Ctrl-C would. */
  readonly interrupt: () => void
}

interface Surroundings {
  terminal?: { columns: number; rows: number }
  gitProtocol?: string
}

interface Asked {
  readonly accept: () => ServerChannel
  /** Shells get every key; to commands the door plays the terminal driver. */
  readonly keys: 'raw' | 'cooked'
  readonly run: (request: Request) => Promise<number>
}

interface Life {
  /** What `Request.gone` shows: disconnected, or interrupted by the user. */
  readonly gone: AbortController
  /** The channel is closed. */
  readonly lost: AbortSignal
  /** Where signals of the client go, once a handler has taken them: else they end it. */
  readonly signals: { deliver?: (signal: ClientSignal) => void }
}

export function serveSession(session: Session, context: SessionContext): void {
  const surroundings = learnSurroundings(session)
  const life = lifeOf(session, context.disconnected)
  let busy = false
  const begin = (asked: Asked, reject?: () => void) => {
    if (busy) return reject?.()
    busy = true
    const ended = serve(session, asked, { ...context, ...life, surroundings, keys: asked.keys })
    context.started({ ended, interrupt: () => life.gone.abort() })
  }
  const { handlers } = context
  session.on('exec', (accept, reject, { command }) =>
    begin({ accept, keys: 'cooked', run: (request) => handlers.exec(request, command) }, reject),
  )
  session.on('shell', (accept, reject) =>
    begin({ accept, keys: 'raw', run: (request) => handlers.shell(request) }, reject),
  )
  session.on('subsystem', (accept, reject, { name }) =>
    begin({ accept, keys: 'cooked', run: (request) => handlers.subsystem(request, name) }, reject),
  )
}

/** What has no listener here (X11, agent forwarding) ssh2 refuses by itself. `accept` is missing when the client wants no answer. */
function learnSurroundings(session: Session): Surroundings {
  const surroundings: Surroundings = {}
  session.on('pty', (accept: (() => void) | undefined, _reject, { cols, rows }) => {
    surroundings.terminal = sizeOf(cols, rows)
    accept?.()
  })
  session.on('window-change', (accept: (() => void) | undefined, _reject, { cols, rows }) => {
    if (surroundings.terminal !== undefined) Object.assign(surroundings.terminal, sizeOf(cols, rows))
    accept?.()
  })
  session.on('env', (accept: (() => void) | undefined, reject: (() => void) | undefined, { key, val }) => {
    if (key !== 'GIT_PROTOCOL' || !/^version=\d{1,2}(:[a-z0-9=.-]+)*$/.test(val) || val.length > 200) return reject?.()
    surroundings.gitProtocol = val
    accept?.()
  })
  return surroundings
}

function lifeOf(session: Session, disconnected: AbortSignal): Life {
  const gone = new AbortController()
  const lost = new AbortController()
  const lose = () => {
    disconnected.removeEventListener('abort', lose)
    lost.abort()
    gone.abort()
  }
  disconnected.addEventListener('abort', lose)
  session.once('close', lose)
  const signals: Life['signals'] = {}
  session.on('signal', (_accept, _reject, { name }) => {
    const signal = clientSignals.find((known) => known === name)
    if (signal === undefined) return
    if (signals.deliver === undefined) gone.abort()
    else signals.deliver(signal)
  })
  return { gone, lost: lost.signal, signals }
}

const clientSignals: readonly ClientSignal[] = ['HUP', 'INT', 'QUIT', 'TERM']

type OpenSession = SessionContext & Life & { readonly surroundings: Surroundings; readonly keys: Asked['keys'] }

async function serve(session: Session, { accept, run }: Asked, context: OpenSession): Promise<void> {
  const channel = accept()
  const { gone, log, surroundings, buffers } = context
  if (!acceptsPackets(channel)) {
    context.socket.destroy()
    return
  }
  buffers.add(channel)
  for (const stream of [channel, channel.stderr])
    stream.on('error', (error: Error) => log.debug({ err: error }, 'channel'))
  const { end, ...streams } = streamsOf(session, channel, context)
  const visitor = await context.visitor()
  if (visitor === undefined) {
    streams.stderr.write('✗ What you logged in with was removed\n')
    await end(4)
    return
  }
  const { address, userName } = context
  const recheck = () => context.visitor()
  const from = { door: 'ssh', remoteAddress: address, userName, gone: gone.signal, recheck } as const
  const status = await run({ ...visitor, ...surroundings, ...from, ...streams }).catch((error: unknown) => {
    log.error({ err: error }, 'a handler failed')
    return 1
  })
  await end(status)
}

/** The streams of a request, and how to end it: everything is flushed before the exit status, and that is sent before the channel closes. */
function streamsOf(session: Session, channel: ServerChannel, context: OpenSession) {
  const { socket, lost, gone, signals, surroundings, keys } = context
  const hasTerminal = surroundings.terminal !== undefined
  // A program with a terminal of its own has put the carriage returns where they belong.
  let taken = false
  const translate = (chunk: Buffer) => (hasTerminal && !taken ? withCarriageReturns(chunk) : chunk)
  const output = channelOutput({ channel, socket, lost, translate })
  const isCooked = () => hasTerminal && keys === 'cooked' && !taken
  const interrupt = () => gone.abort()
  const takeKeys = () => {
    taken = true
    return () => void (taken = false)
  }
  const takeSignals: Request['takeSignals'] = (deliver) => void (signals.deliver = deliver)
  const read = (chunk: Buffer) => (isCooked() ? cookKeys : rawKeys)(chunk)
  const input = channelInput(channel, { read, isEager: isCooked, interrupt })
  session.once('eof', input.markComplete)
  const end = async (status: number) => {
    await output.flush()
    input.stdin.destroy()
    if (lost.aborted) return
    channel.exit(status)
    channel.end()
  }
  return { stdin: input.stdin, stdout: output.stdout, stderr: output.stderr, takeKeys, takeSignals, end }
}
