// The SMTP that sites speak to the platform (RFC 5321), on connections whose site is known beforehand: nothing that a client says tells
// who it is. smtp-server parses; what is bounded here is how many connections, for how long, and how much they may send.
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { createId } from '../../lib/id.ts'
import type { Log } from '../../lib/log.ts'
import { Refusal } from './refusal.ts'

export interface Letter {
  readonly recipients: readonly string[]
  readonly message: Readable
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What a site may do. Its refusals are answered. */
export interface Correspondent {
  /** Before a mail is begun. */
  begin(): Refusal | undefined
  /** @param count of recipients with this one */
  addRecipient(count: number): Refusal | undefined
  /** @returns what is answered. @throws Refusal */
  deliver(letter: Letter): Promise<string>
}

export interface Receiver {
  receive(socket: Socket, correspondent: Correspondent): void
  /** Cuts off what is under way. */
  close(): void
}

/** A connection, however it is used. */
const longestMs = 180_000
const silenceMs = 60_000
/** What is read past the limit so that a client hears of it: one that sends on for ever is cut off. */
const toleratedBytes = 16 * 1024 * 1024

interface Visit {
  readonly correspondent: Correspondent
  readonly signal: AbortSignal
}

export function createReceiver({ maxBytes, log }: { maxBytes: number; log: Log }): Receiver {
  const visits = new Map<string, Visit>()
  const sockets = new Set<Socket>()
  const server = new SMTPServer(serverOptions(visits, maxBytes))
  server.on('error', (error) => log.debug({ err: error }, 'a connection for mail failed'))
  return {
    receive(socket, correspondent) {
      const id = createId()
      const gone = new AbortController()
      const limit = limitSocket(socket, maxBytes)
      sockets.add(socket)
      visits.set(id, { correspondent, signal: gone.signal })
      socket.once('close', () => {
        clearTimeout(limit)
        sockets.delete(socket)
        visits.delete(id)
        gone.abort(new Refusal(451, '4.4.2 The program that sent it was gone before the relay had answered'))
      })
      server.connect(socket, { id })
    },
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Several mails may come by one connection, but none of them endlessly. */
function limitSocket(socket: Socket, maxBytes: number): NodeJS.Timeout {
  const most = maxBytes + toleratedBytes
  socket.on('data', () => {
    if (socket.bytesRead > most) socket.destroy()
  })
  return setTimeout(() => socket.destroy(), longestMs)
}

function serverOptions(visits: ReadonlyMap<string, Visit>, maxBytes: number): SMTPServerOptions {
  const visitOf = ({ id }: { id: string }) => visits.get(id)
  return {
    ...{ name: 'hosting', heloResponse: 'hosting', logger: false },
    // The limit is kept by whoever reads the mail, so that its log says so.
    ...{ size: maxBytes, hideSize: true },
    ...{ authOptional: true, disabledCommands: ['AUTH', 'STARTTLS', 'XCLIENT', 'XFORWARD'], hideSMTPUTF8: true },
    ...{ disableReverseLookup: true, socketTimeout: silenceMs, maxCommandLength: 4096 },
    onMailFrom: (_address, session, callback) => callback(visitOf(session)?.correspondent.begin()),
    onRcptTo: (_address, session, callback) =>
      callback(visitOf(session)?.correspondent.addRecipient(session.envelope.rcptTo.length + 1)),
    onData: (message, session, callback) => {
      const visit = visitOf(session)
      const recipients = session.envelope.rcptTo.map(({ address }) => address)
      answerTo(visit, recipients, message).then(
        (text) => callback(null, text),
        (error: unknown) => callback(error instanceof Refusal ? error : new Refusal(451, '4.3.0 Internal error')),
      )
    },
  }
}

async function answerTo(visit: Visit | undefined, recipients: string[], message: Readable): Promise<string> {
  if (visit === undefined) throw new Refusal(451, '4.3.0 The connection is closed')
  return await visit.correspondent.deliver({ recipients, message, signal: visit.signal })
}
