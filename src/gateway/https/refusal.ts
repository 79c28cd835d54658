// Errors as answers by HTTP. Git prints the text of an error after `remote:` when it is plain (remote-curl.c); Git LFS wants JSON.
import type { ServerResponse } from 'node:http'
import { HostingError } from '../../errors/hosting-error.ts'
import { renderError } from '../../errors/render.ts'

const lingerMs = 5000
const headersOfAll = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** A blocked visitor learns when to come again. */
export class TooManyLogins extends HostingError {
  readonly forMs: number

  constructor(forMs: number) {
    super('too-many-logins', 'Too many wrong passwords came from there, or for this account', {
      hint: `Try again in ${Math.ceil(forMs / 1000)} s. An admin can end it at once: logins:unblock`,
    })
    this.forMs = forMs
  }
}

export function notLoggedIn(): HostingError {
  return new HostingError('not-logged-in', 'This needs an account, and its password or an app token', {
    hint: 'password   sets one, tokens:add makes one, both over SSH.',
  })
}

/** What was said already stays; nothing is added to it. */
export function refuse(response: ServerResponse, error: HostingError, format: 'text' | 'lfs' = 'text'): void {
  if (response.headersSent) return void response.destroy()
  const lines = renderError(error).join('\n')
  const body = format === 'text' ? `${lines}\n` : JSON.stringify({ message: lines })
  response.writeHead(error.httpStatus, {
    ...headersOfAll,
    ...(error.code === 'not-logged-in' ? { 'www-authenticate': 'Basic realm="Hosting", charset="UTF-8"' } : {}),
    ...(error instanceof TooManyLogins ? { 'retry-after': String(Math.ceil(error.forMs / 1000)) } : {}),
    'content-type': format === 'text' ? 'text/plain; charset=utf-8' : 'application/vnd.git-lfs+json',
    'content-length': Buffer.byteLength(body),
  })
  response.write(body)
  endGently(response)
}

/**
 * The answer is whole, by its length; but to close now, while the edge still sends what comes after, would reset the connection, and the edge
 * would say that nobody is there. So what comes is dropped for a while.
 */
function endGently(response: ServerResponse): void {
  const { req } = response
  if (req.complete || req.destroyed) return void response.end()
  const timer = setTimeout(() => response.end(), lingerMs).unref()
  req.once('close', () => clearTimeout(timer))
  req.once('end', () => response.end()).resume()
}
