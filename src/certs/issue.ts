// The recipe of one certificate, from a placed order to the edge. Each step is recorded before it begins, and is done by what the CA says of
// the order, so that a crash anywhere is gone on from where it was, and no order is wasted.
import { checkIssued } from './acme/issued.ts'
import { createRequest } from './acme/keys.ts'
import type { AcmeServer } from './acme/server.ts'
import { AcmeProblem } from './acme/problem.ts'
import type { AcmeSession, Authorization, Order } from './acme/session.ts'
import { plannedProof, publish, type PublishParts, type Published, withdraw } from './challenges/publish.ts'
import type { CertificateFiles } from './files.ts'
import type { Log } from '../lib/log.ts'
import type { Sealing } from '../lib/sealing.ts'
import type { AcmeOrder } from '../store/acme.ts'
import type { Store } from '../store/store.ts'
import { namesOf, publishedOf } from './order-row.ts'
import { eventsOf } from './plan/limits.ts'

export interface IssueParts extends PublishParts {
  readonly store: Store
  readonly sealing: Sealing
  readonly files: CertificateFiles
  readonly log: Log
  readonly onStep?: (step: string) => void
}

/** @returns the chain, PEM; its files are written. @throws AcmeProblem with the names that are to blame */
export async function issue(
  row: AcmeOrder,
  parts: IssueParts & { server: AcmeServer; signal: AbortSignal; methodOf: (name: string) => Published['method'] },
): Promise<string> {
  const session = await parts.server.session(parts.signal)
  const order = await placed(row, session, parts)
  const ready = order.status === 'pending' ? await proven({ row, order, session, parts }) : order
  const valid = await finalized({ row, order: ready, session, parts })
  const privateKey = parts.sealing.open(row.key)
  const fullchain = checkIssued(await session.certificate(valid), { names: namesOf(row), key: privateKey })
  await step(row, 'stored', parts)
  await parts.files.write(row.certificate_id, { fullchain, privateKey })
  parts.onStep?.('after:written')
  return fullchain
}

type Parts = Parameters<typeof issue>[1]

interface Under {
  readonly row: AcmeOrder
  readonly order: Order
  readonly session: AcmeSession
  readonly parts: Parts
}

async function placed(row: AcmeOrder, session: AcmeSession, parts: Parts): Promise<Order> {
  if (row.url !== null) return await session.order(row.url)
  const order = await place(row, session, parts)
  parts.onStep?.('after:ordered')
  await parts.store.acme.updateOrder(row.id, { url: order.url, step: 'placed' })
  parts.onStep?.('after:placed')
  return order
}

/**
 * What it replaces is said to help (RFC 9773, 5), and no CA has to agree: one that was told before a crash knows it as replaced, another one
 * never had it. Then it is an order like any other, and counts as one.
 */
async function place(row: AcmeOrder, session: AcmeSession, parts: Parts): Promise<Order> {
  const names = namesOf(row)
  try {
    return await session.place(names, row.replaces)
  } catch (error) {
    if (row.replaces === null || !(error instanceof AcmeProblem) || error.type === 'rateLimited') throw error
    const { acme } = parts.store
    await acme.updateOrder(row.id, { replaces: null })
    const plan = { directory: row.directory, names, registeredDomains: [], renewal: 'same-names' as const }
    await acme.addEvents(eventsOf(plan), row.id)
    return await session.place(names, null)
  }
}

async function proven({ row, order, session, parts }: Under): Promise<Order> {
  const all = await session.authorizations(order.authorizations)
  const pending = all.filter(({ status }) => status === 'pending')
  const chosen = pending.map((authorization) => challengeFor(authorization, parts))
  const published = chosen.map(({ name, challenge }) => plannedProof(name, challenge))
  const before = publishedOf(row)
  // Before they are public: what a crash leaves is taken back by this list.
  await parts.store.acme.updateOrder(row.id, {
    published: JSON.stringify([...before, ...published]),
    step: 'challenged',
  })
  parts.onStep?.('after:challenged')
  await Promise.all(chosen.map(({ name, challenge }) => publish(plannedProof(name, challenge), challenge.proof, parts)))
  parts.onStep?.('after:published')
  const untold = chosen.filter(({ challenge }) => challenge.isPending)
  await Promise.all(untold.map(({ challenge }) => session.tell(challenge)))
  parts.onStep?.('after:told')
  const settled = await settle(all, session)
  const failed = settled.filter(({ status }) => status !== 'valid')
  if (failed.length > 0) throw validationFailed(failed)
  return await session.wait(
    () => session.order(order.url),
    ({ status }) => status !== 'pending',
  )
}

/** Of a hundred names only those are asked about again that were not decided the last time. */
async function settle(all: readonly Authorization[], session: AcmeSession): Promise<readonly Authorization[]> {
  const known = new Map(all.map((each) => [each.url, each]))
  const open = () => [...known.values()].filter(({ status }) => status === 'pending').map(({ url }) => url)
  return await session.wait(
    async () => {
      for (const each of await session.authorizations(open())) known.set(each.url, each)
      return [...known.values()]
    },
    () => open().length === 0,
  )
}

function challengeFor({ name, challenges }: Authorization, { methodOf }: Parts) {
  const method = methodOf(name)
  const challenge = challenges.find((each) => each.method === method) ?? challenges[0]
  if (challenge !== undefined) return { name, challenge }
  const detail = `The certificate authority offers no way to prove ${name} that this server has`
  throw new AcmeProblem({ type: 'unsupported', status: 0, detail, names: [name] })
}

function validationFailed(failed: readonly Authorization[]): AcmeProblem {
  const reasons = failed.map(({ name, problem }) => `${name}: ${problem?.message ?? 'its proof was not accepted'}`)
  return new AcmeProblem({
    type: 'validation',
    status: 0,
    detail: `The certificate authority could not check ${reasons.join('; ')}`,
    names: failed.map(({ name }) => name),
  })
}

async function finalized({ row, order, session, parts }: Under): Promise<Order> {
  const sent = order.status === 'ready' ? await sendRequest({ row, order, session, parts }) : order
  const done = await session.wait(async () => (isSettled(sent) ? sent : await session.order(order.url)), isSettled)
  if (done.status === 'valid') return done
  throw new AcmeProblem({ type: 'order', status: 0, detail: orderProblem(done) })
}

async function sendRequest({ row, order, session, parts }: Under): Promise<Order> {
  await step(row, 'finalized', parts)
  const csr = await createRequest(namesOf(row), parts.sealing.open(row.key))
  const sent = await session.finalize(order, csr)
  parts.onStep?.('after:requested')
  // Its answer has no URL of its own (RFC 8555, 7.4): the order's is known.
  return { ...sent, url: order.url }
}

function isSettled({ status }: Order): boolean {
  return status === 'valid' || status === 'invalid'
}

function orderProblem({ error }: Order): string {
  const detail = error !== undefined && 'detail' in error ? String(error.detail) : 'without saying why'
  return `The certificate authority gave the order up: ${detail}`
}

async function step(row: AcmeOrder, name: AcmeOrder['step'], { store, onStep }: Parts): Promise<void> {
  await store.acme.updateOrder(row.id, { step: name })
  onStep?.(`after:${name}`)
}

/** Takes back what was published and forgets the order. What can't be taken back now is left, and said. */
export async function tidyUp(row: AcmeOrder, parts: IssueParts & { signal: AbortSignal }): Promise<void> {
  const now = (await parts.store.acme.orders()).find(({ id }) => id === row.id) ?? row
  for (const published of publishedOf(now))
    await withdraw(published, parts).catch((error: unknown) => {
      parts.signal.throwIfAborted()
      parts.log.warn({ err: error, name: published.name }, 'a record of a challenge could not be removed')
    })
  await parts.store.acme.removeOrder(row.id)
}
