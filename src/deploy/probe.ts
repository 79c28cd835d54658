// One request to an instance over its unix socket, as the edge would make it.
import { request } from 'node:http'
import { join } from 'node:path'
import type { Home } from '../config/home.ts'

/** Path by way of the short link: a home may lie deeper than the 107 bytes of a socket's path allow. */
export function socketPath(home: Home, instanceId: string): string {
  return join(home.link, 'instances', instanceId, 'run', 'web.sock')
}

/**
 * Sends GET `path` and resolves with the status of the answer as soon as its head is there.
 * Rejects with the connection's error (ENOENT, ECONNREFUSED while the instance is not up yet) or the signal's reason.
 */
export async function probe(
  socket: string,
  { host, path, signal }: { host: string; path: string; signal: AbortSignal },
): Promise<number> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath: socket, path, signal, headers: { host, 'user-agent': 'hosting-health-check' } },
      (response) => {
        response.destroy()
        resolve(response.statusCode ?? 0)
      },
    )
    outgoing.once('error', reject).end()
  })
}
