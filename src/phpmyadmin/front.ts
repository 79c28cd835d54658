// The door of phpMyAdmin: a unix socket that the edge takes for an instance's. Tickets and visits are looked at here; what has neither
// gets a page that says how to come by one, and no request of it goes further.
import { chmod } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Log } from '../lib/log.ts'
import type { Containers } from './containers.ts'
import { fromElsewhere, noAnswer, noVisit, type Page, renderPage, spentTicket, welcome } from './pages.ts'
import { relay } from './relay.ts'
import { type Asked, isFromElsewhere, parseRequest, renderVisitCookie } from './request.ts'
import { type Admitted, visitMs, type Visits } from './visits.ts'

export interface FrontParts {
  readonly visits: Visits
  readonly containers: Pick<Containers, 'use'>
  readonly log: Log
  /** Else plain HTTP goes on beside it, and a cookie for HTTPS alone would be one that plain HTTP can't replace (RFC 6265bis, 5.7). */
  readonly hasHttpsAlone: boolean
}

/** @param path of the socket @returns what closes it */
export async function startFront(path: string, parts: FrontParts): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    answer(request, response, parts).catch((error: unknown) => {
      parts.log.warn({ err: error }, 'a request to phpMyAdmin could not be answered')
      if (response.headersSent) response.destroy()
      else say(response, 503, noAnswer)
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, () => resolve()))
  // Who may come here is decided by the directories above, as with an instance (edge/access.ts).
  await chmod(path, 0o666)
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: FrontParts): Promise<void> {
  const asked = parseRequest(request)
  if (asked?.ticket !== undefined && (await welcomes(request, response, { asked, parts }))) return
  const admitted = await admit(asked, parts)
  if (asked === undefined || admitted === undefined) say(response, 403, refusal(asked))
  else if (asked.ticket !== undefined || !asked.path.startsWith('/')) goTo(`/${asked.site}/`, response)
  else if (isFromElsewhere(request.headers)) say(response, 403, fromElsewhere)
  else
    await parts.containers.use(admitted, (socket) =>
      relay(request, response, { socket, path: asked.path, cookie: asked.otherCookies }),
    )
}

async function admit(asked: Asked | undefined, { visits }: FrontParts): Promise<Admitted | undefined> {
  return asked?.visit === undefined ? undefined : await visits.find(asked.visit, asked.site)
}

function refusal(asked: Asked | undefined): Page {
  return asked?.ticket === undefined ? noVisit(asked?.site) : spentTicket(asked.site)
}

/** For a reload of the address that logged in; and without its slash, where relative addresses would lead elsewhere. */
function goTo(path: string, response: ServerResponse): void {
  response.writeHead(303, { location: path, 'cache-control': 'no-store' }).end()
}

/**
 * Not a redirect: after one that another site led to, a browser would keep the new cookie to itself.
 * @returns whether the ticket counted
 */
async function welcomes(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { asked: { ticket = '', site }, parts: { visits, hasHttpsAlone } }: { asked: Asked; parts: FrontParts },
): Promise<boolean> {
  const secret = await visits.begin(ticket, site)
  if (secret === undefined) return false
  const secure = hasHttpsAlone && headers['x-forwarded-proto'] === 'https'
  response.setHeader('set-cookie', renderVisitCookie(secret, { site, maxAgeMs: visitMs, secure }))
  say(response, 200, { ...welcome, next: `/${site}/` })
  return true
}

function say(response: ServerResponse, status: number, page: Page): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    // The ticket is in the address.
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  response.end(renderPage(page))
}
