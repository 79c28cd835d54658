// Orders, authorizations and certificates of our account (RFC 8555, 7.4 to 7.5), as data. Waiting obeys Retry-After, up to a point.
import type acme from 'acme-client'
import { z } from 'zod'
import type { Clock } from '../../lib/clock.ts'
import { AcmeProblem, problemFrom } from './problem.ts'
import { type Transport, withTransport } from './transport.ts'

export interface Challenge {
  readonly method: 'http-01' | 'dns-01'
  readonly url: string
  readonly token: string
  /** What is to be found: the content of the file, or of the TXT record. */
  readonly proof: string
}

export interface Authorization {
  readonly url: string
  /** With `*.` for a wildcard. */
  readonly name: string
  readonly status: string
  readonly challenges: readonly Challenge[]
  /** Why it became invalid. */
  readonly problem?: AcmeProblem
}

export type Order = acme.Order

export interface AcmeSession {
  place(names: readonly string[], replaces: string | null): Promise<Order>
  order(url: string): Promise<Order>
  authorizations(order: Order): Promise<Authorization[]>
  /** Tells the CA to look. */
  tell(challenge: Challenge): Promise<void>
  finalize(order: Order, csr: Buffer): Promise<Order>
  certificate(order: Order): Promise<string>
  changeKey(next: string): Promise<void>
  /** Asks until `done` says so. @throws AcmeProblem after `patienceMs` */
  wait<T>(ask: () => Promise<T>, done: (item: T) => boolean): Promise<T>
}

interface SessionParts {
  readonly client: acme.Client
  readonly transport: Transport
  readonly clock: Clock
  /** Something was refused: whether the account and its key still hold is looked up again the next time. */
  readonly forget: (problem: AcmeProblem) => void
}

/** A CA that takes minutes is waited for; one that takes longer is asked again later, for the same order. */
const patienceMs = 5 * 60_000
const firstPauseMs = 40
const longestPauseMs = 5000
const longestRetryAfterMs = 60_000

const challengeSchema = z.looseObject({ token: z.string().optional(), error: z.unknown().optional() })
const methodSchema = z.enum(['http-01', 'dns-01'])

export function createSession({ client, transport, clock, forget }: SessionParts): AcmeSession {
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    transport.retryAfterMs = undefined
    return await withTransport(transport, work).catch((error: unknown) => {
      if (error instanceof AcmeProblem) forget(error)
      throw error
    })
  }
  return {
    place(names, replaces) {
      const identifiers = names.map((value) => ({ type: 'dns', value }))
      const wish = { identifiers, ...(replaces === null ? {} : { replaces }) }
      return call(() => client.createOrder(wish))
    },
    order: (url) => call(() => client.getOrder(bareOrder(url))),
    authorizations: (order) =>
      call(async () => {
        const all = await client.getAuthorizations(order)
        return await Promise.all(all.map((one) => authorizationOf(one, client)))
      }),
    tell: async ({ method, url, token }) => {
      await call(() => client.completeChallenge({ type: method, url, token, status: 'pending' }))
    },
    finalize: (order, csr) => call(() => client.finalizeOrder(order, csr)),
    certificate: (order) => call(() => client.getCertificate(order)),
    changeKey: async (next) => {
      await call(() => client.updateAccountKey(next))
    },
    async wait(ask, done) {
      const end = clock.now().getTime() + patienceMs
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.6, longestPauseMs)) {
        const item = await ask()
        if (done(item)) return item
        if (clock.now().getTime() > end) throw tooSlow()
        await clock.sleep(
          Math.max(pauseMs, Math.min(transport.retryAfterMs ?? 0, longestRetryAfterMs)),
          transport.signal,
        )
      }
    },
  }
}

/** Not its end: the order is asked for again at the next try. */
function tooSlow(): AcmeProblem {
  const detail = `The certificate authority has not finished within ${patienceMs / 60_000} minutes`
  return new AcmeProblem({ type: 'slow', status: 0, detail })
}

/** What acme-client reads of one to get the rest. */
function bareOrder(url: string): Order {
  return { url, status: 'pending', identifiers: [], authorizations: [], finalize: '' }
}

async function authorizationOf(one: acme.Authorization, client: acme.Client): Promise<Authorization> {
  const parsed = one.challenges.map((each) => challengeSchema.parse(each))
  const error = parsed.map((each) => each.error).find((found) => found !== undefined && found !== null)
  const challenges = await Promise.all(one.challenges.map((each) => challengeOf(each, client)))
  return {
    url: one.url,
    name: one.wildcard === true ? `*.${one.identifier.value}` : one.identifier.value,
    status: one.status,
    challenges: challenges.filter((each) => each !== undefined),
    ...(one.status === 'invalid' ? { problem: problemFrom(0, error) } : {}),
  }
}

async function challengeOf(
  each: acme.Authorization['challenges'][number],
  client: acme.Client,
): Promise<Challenge | undefined> {
  const { token } = challengeSchema.parse(each)
  // Others (tls-alpn-01) come under types that the library does not name.
  const method = methodSchema.safeParse(each.type)
  if (!method.success || token === undefined) return undefined
  return { method: method.data, url: each.url, token, proof: await client.getChallengeKeyAuthorization(each) }
}
