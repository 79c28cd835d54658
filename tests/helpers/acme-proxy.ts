// A real HTTPS server before a real CA (Pebble): passes everything on, and adds what Pebble 2.4 does not have, renewal information (RFC 9773).
// It notes what is ordered, and can be told to answer in the CA's stead, or to change what the CA has answered.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Pebble } from './pebble.ts'
import { freePort } from './ports.ts'

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export interface AskedOfCa {
  readonly method: string
  /** `/order-plz`, `/certZ/…` */
  readonly path: string
}

export interface Ordered {
  readonly names: readonly string[]
  readonly replaces?: string | undefined
}

const jwsSchema = z.object({ payload: z.string() })
const orderSchema = z.object({
  identifiers: z.array(z.object({ value: z.string() })),
  replaces: z.string().optional(),
})
const renewalInfoPath = '/renewal-info/'

export class AcmeProxy {
  readonly directory: string
  /** What was ordered, the first first; also what was refused. */
  readonly orders: Ordered[] = []
  /** Certificates that were asked about. */
  readonly askedAbout: string[] = []
  /** What it has to say of a certificate. Undefined: its directory knows of no such thing. */
  renewalInfo: ((id: string) => Reply) | undefined
  /** Answers instead of the CA, which does not hear of it. */
  before: (asked: AskedOfCa) => Reply | undefined = () => undefined
  /** Changes the CA's answer. */
  after: (asked: AskedOfCa, reply: Reply) => Reply = (_, reply) => reply
  upstream: Pebble
  readonly #origin: string
  #server: ReturnType<typeof createServer> | undefined

  private constructor(upstream: Pebble, port: number) {
    this.upstream = upstream
    this.#origin = `https://localhost:${port}`
    this.directory = `${this.#origin}/dir`
  }

  /** It is known by Pebble's own certificate. */
  static async start(upstream: Pebble): Promise<AcmeProxy> {
    const port = await freePort()
    const proxy = new AcmeProxy(upstream, port)
    const [cert, key] = [await readFile(upstream.caFile), await readFile(upstream.keyFile)]
    const server = createServer({ cert, key }, (incoming, response) => {
      proxy.#answer(incoming, response).catch((error: unknown) => response.destroy(error as Error))
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    proxy.#server = server
    return proxy
  }

  /** As it passes everything on, from now on. */
  behave(): void {
    this.before = () => undefined
    this.after = (_, reply) => reply
    this.renewalInfo = undefined
    this.orders.length = 0
    this.askedAbout.length = 0
  }

  ordersFor(name: string): Ordered[] {
    return this.orders.filter(({ names }) => names.includes(name))
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming)
    const asked = { method: incoming.method ?? 'GET', path: incoming.url ?? '' }
    const ordered = asked.path === '/order-plz' ? this.#note(body) : undefined
    const reply = this.#own(asked) ?? this.after(asked, await this.#pass(incoming, asked, body))
    // It is sent once more with another nonce: no second order.
    if (ordered !== undefined && reply.body.includes('badNonce')) this.orders.splice(this.orders.indexOf(ordered), 1)
    const headers = Object.entries(reply.headers ?? {}).filter(([name]) => name !== 'content-length')
    response
      .writeHead(reply.status ?? 200, Object.fromEntries(headers))
      .end(asked.method === 'HEAD' ? undefined : reply.body)
  }

  #own(asked: AskedOfCa): Reply | undefined {
    if (!asked.path.startsWith(renewalInfoPath)) return this.before(asked)
    const id = asked.path.slice(renewalInfoPath.length)
    this.askedAbout.push(id)
    return this.renewalInfo?.(id) ?? { status: 404, body: '' }
  }

  #note(body: Buffer): Ordered {
    const { payload } = jwsSchema.parse(JSON.parse(body.toString()))
    const { identifiers, replaces } = orderSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()))
    const ordered = { names: identifiers.map(({ value }) => value), replaces }
    this.orders.push(ordered)
    return ordered
  }

  async #pass({ headers }: IncomingMessage, { method, path }: AskedOfCa, body: Buffer): Promise<Reply> {
    const { port } = new URL(this.upstream.directory)
    // The Host stays: all addresses that Pebble names lead through here.
    const asking = request({ host: 'localhost', port, method, path, headers, rejectUnauthorized: false })
    asking.end(body)
    const [answer] = (await once(asking, 'response')) as [IncomingMessage]
    const text = (await bytesOf(answer)).toString()
    const flat = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const)
    const reply = { status: answer.statusCode ?? 0, headers: Object.fromEntries(flat), body: text }
    return path === '/dir' && this.renewalInfo !== undefined ? this.#withRenewalInfo(reply) : reply
  }

  #withRenewalInfo(reply: Reply): Reply {
    const known = z.looseObject({}).parse(JSON.parse(reply.body))
    return { ...reply, body: JSON.stringify({ ...known, renewalInfo: `${this.#origin}${renewalInfoPath}` }) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** A refusal as RFC 8555 has it. */
export function problem(status: number, type: string, detail: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail }),
  }
}

export function json(body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
