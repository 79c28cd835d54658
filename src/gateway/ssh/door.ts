// The SSH gateway: listens, decides who may knock, and hands each connection to connection.ts. The transport stays behind ../session.ts.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { ParsedKey } from 'ssh2'
import type { Logins } from '../../access/logins/logins.ts'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { hasErrorCode } from '../../lib/files.ts'
import type { Log } from '../../lib/log.ts'
import type { Store } from '../../store/store.ts'
import type { Handlers } from '../session.ts'
import { type ConnectionContext, serveConnection } from './connection.ts'
import { assertNativeCrypto } from './native-crypto.ts'
import { createWaitingRoom } from './waiting-room.ts'

export interface SshDoorParts {
  readonly config: Config
  readonly store: Store
  readonly logins: Logins
  readonly handlers: Handlers
  readonly log: Log
  readonly clock: Clock
  /** Of `ensureHostKeys`. */
  readonly hostKeys: readonly ParsedKey[]
}

export interface SshDoor {
  readonly port: number
  /** Lets nobody in any more, asks what runs to end, and hangs up after at most `graceMs` (default 2 s). */
  close(graceMs?: number): Promise<void>
}

/** @throws HostingError unavailable when the port is taken or ssh2 lacks its native ciphers */
export async function startSshDoor(parts: SshDoorParts): Promise<SshDoor> {
  assertNativeCrypto()
  const { config, log, clock } = parts
  const sockets = new Set<Socket>()
  const running: ConnectionContext['running'] = new Set()
  const context: ConnectionContext = {
    ...parts,
    running,
    waitingRoom: createWaitingRoom({
      places: config['ssh-max-unauthenticated'],
      placesPerSource: config['ssh-max-unauthenticated-per-address'],
    }),
  }
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serveConnection(socket, context)
  })
  const port = await listen(server, config['ssh-port'])
  server.on('error', (error) => log.error({ err: error }, 'the SSH door could not take a connection'))
  return { port, close: (graceMs = 2000) => close({ server, sockets, running, clock, graceMs }) }
}

/** `::` takes IPv4 and IPv6; a kernel without IPv6 refuses it. */
async function listen(server: Server, port: number): Promise<number> {
  try {
    return await listenOn(server, port, '::')
  } catch (error) {
    if (!hasErrorCode(error, 'EAFNOSUPPORT') && !hasErrorCode(error, 'EADDRNOTAVAIL')) throw cannotListen(error, port)
    return await listenOn(server, port, '0.0.0.0').catch((again: unknown) => {
      throw cannotListen(again, port)
    })
  }
}

async function listenOn(server: Server, port: number, host: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host }, () => {
      server.off('error', reject)
      resolve(portOf(server.address()))
    })
  })
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port')
  return address.port
}

function cannotListen(error: unknown, port: number): HostingError {
  const reason = hasErrorCode(error, 'EADDRINUSE')
    ? 'another program has it'
    : hasErrorCode(error, 'EACCES')
      ? 'this user may not open it'
      : String(error)
  return new HostingError('unavailable', `The SSH gateway can't listen on port ${port}: ${reason}`, {
    hint: 'Choose another one: --ssh-port 2223',
    cause: error,
  })
}

async function close({
  server,
  sockets,
  running,
  clock,
  graceMs,
}: {
  server: Server
  sockets: Set<Socket>
  running: ConnectionContext['running']
  clock: Clock
  graceMs: number
}): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const { interrupt } of running) interrupt()
  const enough = new AbortController()
  const ended = Promise.allSettled([...running].map((work) => work.ended))
  await Promise.race([ended, clock.sleep(graceMs, enough.signal).catch(() => undefined)])
  enough.abort()
  for (const socket of sockets) socket.destroySoon()
  const force = setTimeout(() => sockets.forEach((socket) => socket.destroy()), 500)
  await closed
  clearTimeout(force)
}
