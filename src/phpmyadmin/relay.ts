// Passes a request on to a container and its answer back, both as they come. The container learns nothing of how the visitor got in.
import { type IncomingMessage, request as send, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

/** Of one connection, not of the message (RFC 9110, 7.6.1). The length or its coding is for Node to say again. */
const ofConnection = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]

export interface Destination {
  readonly socket: string
  readonly path: string
  /** What of the visitor's cookies it may see. */
  readonly cookie: string
}

/** @throws the connection's error when the container did not answer; then nothing has been said to the visitor */
export async function relay(
  incoming: IncomingMessage,
  response: ServerResponse,
  { socket, path, cookie }: Destination,
): Promise<void> {
  const headers = { ...withoutHops(incoming.headers), cookie }
  const outgoing = send({ socketPath: socket, path, method: incoming.method, headers })
  response.once('close', () => outgoing.destroy())
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject)
  })
  // Its failure is the connection's, which is what `answered` tells.
  pipeline(incoming, outgoing).catch(() => undefined)
  const answer = await answered.catch((error: unknown) => {
    if (response.destroyed) return undefined
    throw error
  })
  if (answer === undefined) return
  response.writeHead(answer.statusCode ?? 502, { 'cache-control': 'no-store', ...withoutHops(answer.headers) })
  await pipeline(answer, response).catch(() => response.destroy())
}

function withoutHops<T extends object>(headers: T): Partial<T> {
  const kept = Object.entries(headers).filter(([name]) => !ofConnection.includes(name))
  return Object.fromEntries(kept) as Partial<T>
}
