// How acme-client reaches a server: bounded in time and size, ended by a signal, with the CA's own roots where there are any.
// (Its own transport sleeps for any Retry-After, tries a dead server for 75 s and keeps neither an error's type nor its Retry-After.)
import { AsyncLocalStorage } from 'node:async_hooks'
import { request } from 'node:https'
import acme from 'acme-client'
import { z } from 'zod'
import { checkClock } from './clock-check.ts'
import { AcmeUnreachable, parseRetryAfter, problemFrom } from './problem.ts'
import { whyUnreached } from './why-unreached.ts'

export interface Transport {
  readonly signal: AbortSignal
  /** PEM. Undefined: the system's. */
  readonly ca?: string | undefined
  readonly timeoutMs: number
  readonly now: () => Date
  /** Of the last answer. */
  retryAfterMs?: number | undefined
}

interface Asked {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

interface Answered {
  readonly status: number
  readonly headers: Record<string, string>
  readonly data: unknown
}

/** The library has one HTTP client for all: which transport a call uses is known by where it is called from. */
const current = new AsyncLocalStorage<Transport>()
const mostBytes = 1024 * 1024

acme.axios.defaults.adapter = async (config) => {
  const transport = current.getStore()
  if (transport === undefined) throw new Error('acme-client was called outside of withTransport')
  const data: unknown = config.data
  const answer = await send(transport, {
    url: config.url ?? '',
    method: (config.method ?? 'get').toUpperCase(),
    headers: { 'content-type': 'application/jose+json' },
    ...(typeof data === 'string' ? { body: data } : {}),
  })
  const { type } = problemFrom(answer.status, answer.data)
  // The library itself asks for a new nonce, at most five times; any other refusal is told as what it is.
  if (answer.status >= 400 && type !== 'badNonce') throw problemFrom(answer.status, answer.data, transport.retryAfterMs)
  return { ...answer, statusText: '', config }
}

/** Runs calls of acme-client with a transport. */
export async function withTransport<T>(transport: Transport, work: () => Promise<T>): Promise<T> {
  return await current.run(transport, work)
}

/** A plain request, as ARI wants them (RFC 9773: no JWS). */
export async function getJson(transport: Transport, url: string): Promise<unknown> {
  const answer = await send(transport, { url, method: 'GET', headers: {} })
  if (answer.status >= 400) throw problemFrom(answer.status, answer.data, transport.retryAfterMs)
  return answer.data
}

async function send(transport: Transport, asked: Asked): Promise<Answered> {
  const signal = AbortSignal.any([transport.signal, AbortSignal.timeout(transport.timeoutMs)])
  try {
    const answer = await exchange(asked, { signal, ca: transport.ca })
    const now = transport.now()
    checkClock(answer.headers['date'], now)
    transport.retryAfterMs = parseRetryAfter(answer.headers['retry-after'], now)
    return { ...answer, data: parsed(answer) }
  } catch (error) {
    transport.signal.throwIfAborted()
    if (error instanceof AcmeUnreachable) throw error
    const why = whyUnreached(error, { timeoutMs: transport.timeoutMs, now: transport.now() })
    throw new AcmeUnreachable(`${new URL(asked.url).host} does not answer: ${why}`, { cause: error })
  }
}

async function exchange(
  { url, method, headers, body }: Asked,
  { signal, ca }: { signal: AbortSignal; ca: string | undefined },
): Promise<Answered & { data: string }> {
  return await new Promise((resolve, reject) => {
    const asking = request(url, { method, headers: { 'user-agent': 'hosting', ...headers }, signal, ca }, (answer) => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('error', reject)
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > mostBytes) answer.destroy(new AcmeUnreachable(`${new URL(url).host} answers without end`))
        else chunks.push(chunk)
      })
      answer.on('end', () => {
        const flat = Object.entries(answer.headers).map(([name, value = '']): [string, string] => [
          name,
          typeof value === 'string' ? value : value.join(', '),
        ])
        const data = Buffer.concat(chunks).toString('utf8')
        resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(flat), data })
      })
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

/** Certificates stay text. What claims to be JSON and is not, or is HTML of some proxy, is no ACME. */
function parsed({ headers, data, status }: Answered & { data: string }): unknown {
  const type = headers['content-type'] ?? ''
  if (/json/.test(type)) {
    try {
      return z.json().parse(JSON.parse(data))
    } catch (error) {
      throw new AcmeUnreachable('The certificate authority answers with something that is no JSON', { cause: error })
    }
  }
  if (data === '' || /pem|x509/.test(type) || status >= 400) return data
  throw new AcmeUnreachable(`The certificate authority answers with ${type || 'something unnamed'} instead of ACME`)
}
