// Orders, authorizations and certificates of our account (RFC 8555, 7.4 to 7.5), as data. Waiting obeys Retry-After, up to a point.
import type acme from 'acme-client'
import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { AcmeProblem, AcmeUnreachable, problemFrom } from './problem.ts'
import { type Transport, withTransport } from './transport.ts'

export interface Challenge {
  readonly method: 'http-01' | 'dns-01'
  readonly url: string
  readonly token: string
  /** What is to be found: the content of the file, or of the TXT record. */
  readonly proof: string
  /** Else the CA is looking already, or has looked. */
  readonly isPending: boolean
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
  /** @param urls of an order's, all or some */
  authorizations(urls: readonly string[]): Promise<Authorization[]>
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
  /** Each request is made in its turn. */
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>
}

/** A CA that takes minutes is waited for; one that takes longer is asked again later, for the same order. */
const patienceMs = 5 * 60_000
const firstPauseMs = 40
const longestPauseMs = 5000
const longestRetryAfterMs = 60_000

const challengeSchema = z.looseObject({ token: z.string().optional(), error: z.unknown().optional() })
const methodSchema = z.enum(['http-01', 'dns-01'])

export function createSession({ client, transport, clock, forget, turn }: SessionParts): AcmeSession {
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    transport.retryAfterMs = undefined
    return await turn(() => withTransport(transport, work)).catch((error: unknown) => {
      if (error instanceof AcmeProblem) forget(error)
      throw transport.signal.aborted ? error : meantForPeople(error)
    })
  }
  return {
    place(names, replaces) {
      const identifiers = names.map((value) => ({ type: 'dns', value }))
      const wish = { identifiers, ...(replaces === null ? {} : { replaces }) }
      return call(async () => checkOrder(await client.createOrder(wish)))
    },
    order: (url) => call(async () => checkOrder(await client.getOrder(bareOrder(url)))),
    authorizations: (urls) =>
      call(async () => {
        const all = await client.getAuthorizations({ ...bareOrder(''), authorizations: [...urls] })
        return await Promise.all(all.map((one) => authorizationOf(one, client)))
      }),
    tell: async ({ method, url, token }) => {
      await call(() => client.completeChallenge({ type: method, url, token, status: 'pending' }))
    },
    finalize: (order, csr) => call(async () => checkOrder(await client.finalizeOrder(order, csr))),
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

/** What is read of an answer that is not as RFC 8555 has it breaks somewhere, in the library or here: it is the CA's fault all the same. */
function meantForPeople(error: unknown): unknown {
  if (error instanceof AcmeProblem || error instanceof AcmeUnreachable || error instanceof HostingError) return error
  return new AcmeUnreachable('The certificate authority answers with something that is no ACME', { cause: error })
}

const orderSchema = z.looseObject({
  status: z.enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  authorizations: z.array(z.url()).min(1),
  finalize: z.url(),
})

function checkOrder(order: Order): Order {
  orderSchema.parse(order)
  return order
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
  const proof = await client.getChallengeKeyAuthorization(each)
  return { method: method.data, url: each.url, token, proof, isPending: each.status === 'pending' }
}
