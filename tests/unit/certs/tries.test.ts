// What a failed try leaves behind: the pause, who is woken when the CA is back, what listings and the log say.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AcmeProblem, AcmeUnreachable } from '../../../src/certs/acme/problem.ts'
import { createAuthorityTrouble } from '../../../src/certs/authority-trouble.ts'
import { verdictOn, writeVerdict } from '../../../src/certs/failure.ts'
import { statusesOf } from '../../../src/certs/status.ts'
import { createLog } from '../../../src/lib/log.ts'
import { parseHostName } from '../../../src/names/host-name.ts'
import { openStore, type Store } from '../../../src/store/store.ts'

const start = Date.parse('2026-11-21T00:00:00Z')
const hourMs = 3_600_000
let now = start
const clock = { now: () => new Date(now), sleep: () => Promise.resolve() }
let store: Store
let siteId: number
let trouble: ReturnType<typeof createAuthorityTrouble>
const log = createLog('silent')

beforeEach(async () => {
  now = start
  store = await openStore(':memory:', clock)
  const { id } = await store.accounts.add('anna', 'user')
  siteId = (await store.sites.add({ name: parseHostName('demo.localhost'), ownerId: id, branch: 'main' })).id
  trouble = createAuthorityTrouble({ store, clock })
})
afterEach(async () => await store.close())

const down = new AcmeUnreachable('ca.example does not answer: ECONNREFUSED')
const refused = new AcmeProblem({ type: 'rejectedIdentifier', status: 400, detail: 'No such name' })

async function row(name: string) {
  const found = await store.wantedNames.find(name)
  if (found === undefined) throw new Error(`${name} is not there`)
  return found
}

async function fails(name: string, { error = down, isByHand = false }: { error?: Error; isByHand?: boolean } = {}) {
  const verdict = verdictOn(error, () => undefined)
  await writeVerdict([await row(name)], verdict, { store, clock, log, trouble, isByHand })
  return await row(name)
}

const servedUntil = async (name: string, notAfter: number) => {
  await store.certificates.add({
    ...{ id: name, site_id: siteId, source: 'acme', names: JSON.stringify([name]), issuer: 'A CA', ari_id: null },
    ...{ not_before: new Date(start - 60 * 24 * hourMs).toISOString(), not_after: new Date(notAfter).toISOString() },
  })
  await store.wantedNames.add(name, siteId, name)
  const renewAt = new Date(start - hourMs).toISOString()
  await store.wantedNames.update([name], { renew_at: renewAt, next_at: renewAt })
}

describe('a try by hand', () => {
  it('makes no pause longer, however often it is asked for', async () => {
    await store.wantedNames.add('a.example', siteId)
    const planned = await fails('a.example')
    for (let times = 0; times < 8; times++) {
      now += 250
      expect(await fails('a.example', { isByHand: true })).toMatchObject({ failures: 1, next_at: planned.next_at })
    }
    now = Date.parse(planned.next_at ?? '')
    expect((await fails('a.example')).failures).toBe(2)
  })

  it('is over for as long as the CA asks for, though', async () => {
    await store.wantedNames.add('a.example', siteId)
    await fails('a.example')
    const busy = new AcmeProblem({ type: 'rateLimited', status: 429, detail: 'busy', retryAfterMs: 2 * hourMs })
    const { failures, next_at } = await fails('a.example', { error: busy, isByHand: true })
    expect([failures, next_at]).toEqual([1, new Date(start + 2 * hourMs).toISOString()])
  })
})

describe('a CA that is back', () => {
  it('is asked soon for all that waited for it, and for nobody else', async () => {
    for (const name of ['a.example', 'b.example', 'c.example']) {
      await store.wantedNames.add(name, siteId)
      for (let times = 0; times < 10; times++) {
        now = start
        await fails(name, name === 'c.example' ? { error: refused } : {})
      }
    }
    const before = (await row('c.example')).next_at
    await trouble.isOver()
    for (const name of ['a.example', 'b.example'])
      expect(Date.parse((await row(name)).next_at ?? ''), name).toBeLessThanOrEqual(start + 1000)
    expect((await row('c.example')).next_at).toBe(before)
  })

  it('is not asked for names that have failed by themselves since', async () => {
    await store.wantedNames.add('a.example', siteId)
    await fails('a.example')
    const { next_at } = await fails('a.example', { error: refused })
    await trouble.isOver()
    expect((await row('a.example')).next_at).toBe(next_at)
  })
})

describe('a renewal that fails', () => {
  it('is listed with its next try, not with the plan that has passed', async () => {
    await servedUntil('a.example', start + 240 * hourMs)
    const { next_at } = await fails('a.example')
    const [status] = await statusesOf([await row('a.example')], store)
    expect(status).toMatchObject({ state: 'failing', nextTryAt: new Date(next_at ?? '') })
    expect(status?.nextTryAt?.getTime()).toBeGreaterThan(now)
  })

  it.each([
    ['serves on', 240 * hourMs, 'a renewal failed; the certificate that was there serves on'],
    ['has expired', -hourMs, 'a renewal failed, and the certificate that serves has expired'],
  ])('is warned of in the log: what was there %s', async (_what, leftMs, message) => {
    const warn = vi.spyOn(log, 'warn').mockReturnValue(undefined)
    await servedUntil('a.example', start + leftMs)
    await fails('a.example')
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ names: ['a.example'] }), message)
    warn.mockRestore()
  })
})
