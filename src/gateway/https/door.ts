// Git over HTTPS: a server on a unix socket, to the edge one more instance. Every request has to say who sends it before anything else is
// looked at; what it asks for then goes the way of the same request over SSH.
import { chmod } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logins } from '../../access/logins/logins.ts'
import { HostingError, toHostingError } from '../../errors/hosting-error.ts'
import type { Log } from '../../lib/log.ts'
import type { GitDoor } from '../git-door.ts'
import { admit } from './admit.ts'
import { type LfsDoorParts, serveLfs } from './lfs.ts'
import { refuse } from './refusal.ts'
import { type Asked, parseAsked } from './request.ts'
import { serveRefs, serveRpc } from './smart-http.ts'

export interface HttpsDoorParts extends LfsDoorParts {
  readonly logins: Logins
  readonly git: GitDoor
  readonly log: Log
}

/** Time that requests under way get when the door closes. */
const graceMs = 2000

/** @param path of the socket @returns what closes it */
export async function startHttpsDoor(path: string, parts: HttpsDoorParts): Promise<() => Promise<void>> {
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    // A client that leaves breaks either; who works for it learns so by their ends.
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    answer(request, response, parts).catch((thrown: unknown) => {
      // A client that has left breaks whatever was being done for it, and is told nothing.
      if (request.socket.destroyed) return
      refuse(response, asError(thrown, request, parts), isLfs(request) ? 'lfs' : 'text')
    })
  }
  // How long a body may take, and how large it may be, is for git to say; the edge watches that it goes on at all.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000, noDelay: true }, handle)
  // Not told to go on before it is known who asks.
  server.on('checkContinue', handle)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, () => resolve()))
  // Who may come here is decided by the directories above, as with an instance (edge/access.ts).
  await chmod(path, 0o666)
  return () => close(server)
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: HttpsDoorParts): Promise<void> {
  const visitor = await admit(request, parts)
  const asked = parseAsked(request)
  if (asked === undefined) throw nothingThere()
  if (request.headers.expect !== undefined) response.writeContinue()
  const exchange = { request, response, visitor }
  if (isLfsAsked(asked)) await serveLfs(exchange, asked, parts)
  // A pass is for large files.
  else if (visitor.pass !== undefined) throw nothingThere()
  else if (asked.kind === 'refs') await serveRefs({ ...exchange, ...asked }, parts)
  else await serveRpc({ ...exchange, ...asked }, parts)
}

function isLfsAsked(asked: Asked): asked is Extract<Asked, { kind: `lfs-${string}` }> {
  return asked.kind !== 'refs' && asked.kind !== 'rpc'
}

function isLfs({ url = '' }: IncomingMessage): boolean {
  return url.includes('/info/lfs/')
}

function nothingThere(): HostingError {
  return new HostingError('not-found', 'There is nothing here but the smart protocol of Git, and Git LFS', {
    hint: 'git clone https://<this host>/SITE.git',
  })
}

function asError(thrown: unknown, { method, url }: IncomingMessage, { log }: HttpsDoorParts): HostingError {
  return toHostingError(thrown, (reference, err) =>
    log.error({ err, reference, method, url: url?.slice(0, 200) }, 'a request of Git by HTTPS failed unexpectedly'),
  )
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
}
