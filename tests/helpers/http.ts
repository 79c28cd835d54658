// Requests to the edge under a site's name, wherever that name leads.
import { once } from 'node:events'
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

export interface Asking {
  readonly port: number
  readonly host: string
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Left out: a connection of its own. */
  readonly agent?: Agent
}

/** One request. Redirects are not followed, nothing is decompressed. */
export async function ask({
  port,
  host,
  path = '/',
  method = 'GET',
  headers = {},
  body,
  agent,
}: Asking): Promise<Answer> {
  const asked = request({ port, path, method, headers: { host, ...headers }, agent: agent ?? false, host: '127.0.0.1' })
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>
  asked.end(body)
  const [response] = await answered
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  const whole = Buffer.concat(chunks)
  return { status: response.statusCode ?? 0, headers: response.headers, body: whole, text: whole.toString('utf8') }
}
