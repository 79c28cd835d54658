// One request to an instance over its unix socket, as the edge would make it.
import { request } from 'node:http'
import { join } from 'node:path'
import type { Home } from '../config/home.ts'

/** Path by way of the short link: a home may lie deeper than the 107 bytes of a socket's path allow. */
export function socketPath(home: Home, instanceId: string): string {
  return join(home.link, 'instances', instanceId, 'run', 'web.sock')
}

export interface Answer {
  readonly status: number
  readonly location?: string | undefined
}

/**
 * Sends GET for a URL and resolves as soon as the head of the answer is there.
 * Rejects with the connection's error (ENOENT, ECONNREFUSED while the instance is not up yet) or the signal's reason.
 */
export async function probe(socket: string, { url, signal }: { url: URL; signal: AbortSignal }): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath: socket, path: url.pathname + url.search, signal, headers: headersFor(url) },
      (response) => {
        response.destroy()
        resolve({ status: response.statusCode ?? 0, location: response.headers.location })
      },
    )
    outgoing.once('error', reject).end()
  })
}

/** As the edge sets them: an application that thinks itself addressed by another name or port answers with a redirection only. */
function headersFor({ host, protocol, port }: URL): Record<string, string> {
  const scheme = protocol.slice(0, -1)
  return {
    host,
    'user-agent': 'hosting-health-check',
    'x-real-ip': '127.0.0.1',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': host,
    'x-forwarded-proto': scheme,
    'x-forwarded-port': port === '' ? ({ http: '80', https: '443' }[scheme] ?? '') : port,
  }
}

export interface Visited {
  readonly path: string
  readonly status: number
}

const mostRedirections = 3

/** Goes where the site sends its visitors, as long as that is itself: what proves a release is a page, not a redirection to one. */
export async function visit(
  socket: string,
  { url, names, signal }: { url: URL; names: readonly string[]; signal: AbortSignal },
): Promise<Visited[]> {
  const visited: Visited[] = []
  for (let next: URL | undefined = url; next !== undefined && visited.length <= mostRedirections; ) {
    const answer: Answer = await probe(socket, { url: next, signal })
    visited.push({ path: next.pathname + next.search, status: answer.status })
    next = destination(answer, next, names)
  }
  return visited
}

function destination({ status, location }: Answer, from: URL, names: readonly string[]): URL | undefined {
  if (status < 300 || status > 399 || location === undefined || !URL.canParse(location, from.href)) return undefined
  const to = new URL(location, from)
  return /^https?:$/.test(to.protocol) && names.includes(to.hostname) ? to : undefined
}
