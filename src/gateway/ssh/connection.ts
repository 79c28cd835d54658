// One TCP connection from knock to hang-up: time and tries to log in, channels, and an end for whoever breaks the protocol.
// Nothing that a client does may throw past this file.
import type { Socket } from 'node:net'
import ssh2, { type AuthContext, type AuthenticationType, type Connection, type ParsedKey } from 'ssh2'
import type { Credential } from '../../access/logins/credential.ts'
import type { Logins } from '../../access/logins/logins.ts'
import { plainAddress } from '../../access/logins/source.ts'
import type { Config } from '../../config/load.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Store } from '../../store/store.ts'
import type { Handlers } from '../session.ts'
import { algorithms } from './algorithms.ts'
import { type Admission, admit } from './admission.ts'
import { type BufferWatch, watchBuffers } from './buffers.ts'
import { collectAsItFlows } from './garbage.ts'
import { judgeLogin, type Verdict, visitorOf } from './login.ts'
import { type RunningWork, serveSession, type SessionContext } from './session.ts'
import { withoutSha1 } from './ssh2-repairs.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface ConnectionContext {
  readonly config: Config
  readonly store: Store
  readonly handlers: Handlers
  readonly log: Log
  readonly clock: Clock
  readonly hostKeys: readonly ParsedKey[]
  readonly logins: Logins
  readonly waitingRoom: WaitingRoom
  readonly running: Set<RunningWork>
}

const keepalive = { keepaliveInterval: 15_000, keepaliveCountMax: 3 }
/** Whoever has lost the right to be here is thrown out as soon. */
const recheckMs = 2000
/** A client that doesn't close its half after we closed ours is cut off. */
const lingerMs = 2000
/** As OpenSSH's MaxAuthTries; of keys a client may offer more (ssh-max-tries). */
const mostPasswords = 6
const withPasswords: AuthenticationType[] = ['publickey', 'keyboard-interactive', 'password']

export function serveConnection(socket: Socket, context: ConnectionContext): void {
  const address = plainAddress(socket.remoteAddress)
  const log = context.log.child({ ssh: address })
  socket.on('error', (error) => log.debug({ err: error }, 'connection')).setMaxListeners(0)
  const admission = admit(socket, address, { ...context, ...context.logins })
  if (admission === undefined) return
  try {
    const buffers = watchBuffers(socket, () => log.warn('a client ignored flow control and was cut off'))
    collectAsItFlows(socket)
    converse(socket, { ...context, log, address, admission, buffers })
  } catch (error) {
    log.error({ err: error }, 'a connection could not be served')
    socket.destroy()
  }
}

interface Visit extends ConnectionContext {
  readonly address: string
  readonly admission: Admission
  readonly buffers: BufferWatch
}

interface OpenConnection extends Visit {
  readonly socket: Socket
  readonly client: Connection
  readonly disconnected: AbortSignal
}

/** A Server of ssh2 for each connection (15 µs) tells which of its connections this socket's is; it never listens itself. */
function converse(socket: Socket, visit: Visit): void {
  const hostKeys = visit.hostKeys.flatMap(withoutSha1).map((key) => ({ key }))
  const server = new ssh2.Server({ hostKeys, algorithms, ident: 'hosting', ...keepalive }, (client) => {
    const disconnected = new AbortController()
    client.on('error', (error: Error) => {
      visit.log.debug({ err: error }, 'SSH client')
      if (breaksTheProtocol(error)) visit.admission.blame('malformed')
      disconnected.abort()
      // ssh2 has said why and closed its half; nothing more is read of whoever sent this.
      socket.removeAllListeners('data').resume()
      cutOffSoon(socket)
    })
    for (const event of ['end', 'close']) socket.once(event, () => disconnected.abort())
    letLogIn({ ...visit, socket, client, disconnected: disconnected.signal })
  })
  server.injectSocket(socket)
}

/** As opposed to what the network did, or a client that says that it leaves, and why (ssh2 gives that a numeric code). */
function breaksTheProtocol(error: Error & { level?: string; code?: unknown }): boolean {
  return error.level !== 'socket' && error.code === undefined
}

function hangUp({ client, socket }: OpenConnection): void {
  client.end()
  cutOffSoon(socket)
}

function cutOffSoon(socket: Socket): void {
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

function letLogIn(connection: OpenConnection): void {
  const { client, config, store, logins, address, admission, log } = connection
  const context = { store, logins, address, passwords: config['ssh-passwords'] }
  let tries = 0
  let passwords = 0
  client.on('authentication', (attempt) => {
    admission.blame('login-failed')
    if (attempt.method !== 'publickey' && attempt.method !== 'none') passwords++
    if (++tries > config['ssh-max-tries'] || passwords > mostPasswords) hangUp(connection)
    else decide(attempt)
  })
  const decide = (attempt: AuthContext) =>
    void judgeLogin(attempt, context)
      .then((verdict) => answer(connection, attempt, verdict))
      .catch((error: unknown) => {
        log.warn({ err: error }, 'a login could not be answered')
        hangUp(connection)
      })
}

function answer(connection: OpenConnection, attempt: AuthContext, verdict: Verdict): void {
  if (verdict.is === 'blocked') {
    attempt.reject([])
    hangUp(connection)
    return
  }
  if (verdict.is === 'refused') {
    attempt.reject(connection.config['ssh-passwords'] ? withPasswords : ['publickey'])
    return
  }
  if (verdict.is === 'visitor') {
    const { actor, credential } = verdict
    connection.log.debug({ account: actor.name, credential }, 'logged in')
    connection.admission.loggedIn()
    connection.logins.used(credential)
    openSessions(connection, credential, attempt.username)
  }
  attempt.accept()
}

function openSessions(connection: OpenConnection, credential: Credential, userName: string): void {
  const { client, config, logins } = connection
  const context: SessionContext = {
    ...connection,
    userName,
    visitor: async () => {
      const actor = await logins.recheck(credential)
      return actor && visitorOf(actor, credential)
    },
    started: (work) => track(connection, work),
  }
  let open = 0
  endWithCredential(connection, credential)
  client.on('session', (accept, reject) => {
    if (open >= config['ssh-max-channels']) {
      reject()
      return
    }
    open++
    const session = accept()
    session.once('close', () => open--)
    serveSession(session, context)
  })
}

/** What runs meanwhile asks nobody: logs that are followed, a shell in a site. */
function endWithCredential(connection: OpenConnection, credential: Credential): void {
  const { logins, log, socket } = connection
  const look = async () => {
    if ((await logins.recheck(credential)) !== undefined) return
    log.info({ credential }, 'what somebody had logged in with was taken away')
    hangUp(connection)
  }
  const fail = (error: unknown) => log.error({ err: error }, 'a connection could not be looked at')
  const timer = setInterval(() => void look().catch(fail), recheckMs).unref()
  socket.once('close', () => clearInterval(timer))
}

function track({ running, socket, log }: OpenConnection, work: RunningWork): void {
  running.add(work)
  work.ended
    .catch((error: unknown) => {
      log.error({ err: error }, 'a session failed')
      socket.destroy()
    })
    .finally(() => running.delete(work))
}
