// Uploaded certificates beside those of the platform: which names they serve, who renews them, and who is told that they end.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stillWanted } from '../../../src/certs/adopt.ts'
import { expiring } from '../../../src/certs/status.ts'
import { findCovering } from '../../../src/certs/upload/covering.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { parseHostName } from '../../../src/names/host-name.ts'
import type { CertificateRow } from '../../../src/store/certificates.ts'
import { openStore, type Store } from '../../../src/store/store.ts'

const now = new Date('2026-11-21T00:00:00Z')
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000)
const clock: Clock = { now: () => now, sleep: () => Promise.resolve() }
let store: Store
let siteId: number

beforeEach(async () => {
  store = await openStore(':memory:', clock)
  const { id } = await store.accounts.add('anna', 'user')
  siteId = (await store.sites.add({ name: parseHostName('demo.localhost'), ownerId: id, branch: 'main' })).id
})
afterEach(async () => await store.close())

async function certificate(id: string, change: Partial<CertificateRow> & { names: string }): Promise<void> {
  const dates = { not_before: now.toISOString(), not_after: inDays(20).toISOString() }
  const names = JSON.stringify(change.names.split(' '))
  await store.certificates.add({
    ...{ id, site_id: siteId, source: 'uploaded' as const, issuer: 'A CA', ari_id: null, ...dates, ...change },
    names,
  })
}

/** @param renewAt of one that was given up, or is renewed by the platform */
async function served(
  name: string,
  id: string,
  { renewAt = null, reason = null }: { renewAt?: string | null; reason?: string | null } = {},
) {
  await store.wantedNames.add(name, siteId, id)
  await store.wantedNames.update([name], { renew_at: renewAt, reason })
}

describe('an uploaded certificate', () => {
  const find = (name: string) => findCovering({ siteId, name, now }, store)

  it('covers names that the site gets later', async () => {
    await certificate('one', { names: 'example.org *.example.org not_a_name 192.0.2.1' })
    await served('example.org', 'one')
    expect(await find('www.example.org')).toBe('one')
    for (const name of ['a.b.example.org', 'example.net', '*.www.example.org'])
      expect(await find(name), name).toBeUndefined()
    await certificate('longer', { names: '*.example.org', not_after: inDays(40).toISOString() })
    await served('a.example.org', 'longer')
    expect(await find('www.example.org')).toBe('longer')
  })

  it.each([
    ['has expired', { not_after: inDays(-1).toISOString() }, null],
    ['was given up', {}, now.toISOString()],
    ['is of the platform', { source: 'acme' as const }, null],
  ])('covers none when it %s', async (_what, change, renewAt) => {
    await certificate('one', { names: '*.example.org', ...change })
    await served('a.example.org', 'one', { renewAt })
    expect(await find('www.example.org')).toBeUndefined()
  })

  it('of another site covers none', async () => {
    await certificate('one', { names: '*.example.org' })
    await served('a.example.org', 'one')
    expect(await findCovering({ siteId: siteId + 1, name: 'www.example.org', now }, store)).toBeUndefined()
  })

  it('is not replaced by an order that was begun before it came', async () => {
    await certificate('one', { names: 'a.example b.example' })
    await certificate('old', { names: 'c.example', source: 'acme' })
    await served('a.example', 'one')
    await served('b.example', 'one', { renewAt: now.toISOString() })
    await served('c.example', 'old', { renewAt: now.toISOString() })
    await store.wantedNames.add('d.example', siteId)
    const names = ['a.example', 'b.example', 'c.example', 'd.example', 'gone.example']
    const wanted = await stillWanted({ site_id: siteId }, names, { store })
    expect(wanted.map(({ name }) => name)).toEqual(['b.example', 'c.example', 'd.example'])
  })
})

describe('people are told', () => {
  const told = async () =>
    (await expiring(inDays(30), store)).map(({ certificate: { id }, renewal, names }) => [id, renewal, ...names])

  it('of what nobody renews, and of what fails', async () => {
    await certificate('uploaded', { names: 'a.example' })
    await served('a.example', 'uploaded')
    await certificate('failing', { names: 'b.example c.example', source: 'acme' })
    await served('b.example', 'failing', { renewAt: now.toISOString(), reason: 'The CA is down.' })
    await served('c.example', 'failing', { renewAt: now.toISOString() })
    expect((await told()).sort()).toEqual([
      ['failing', 'failing', 'b.example'],
      ['uploaded', 'by-hand', 'a.example'],
    ])
  })

  it('of no other: renewed by plan, given up, ended long after, serving nothing', async () => {
    await certificate('planned', { names: 'a.example', source: 'acme' })
    await served('a.example', 'planned', { renewAt: now.toISOString() })
    await certificate('given-up', { names: 'b.example' })
    await served('b.example', 'given-up', { renewAt: now.toISOString() })
    await certificate('fresh', { names: 'c.example', not_after: inDays(31).toISOString() })
    await served('c.example', 'fresh')
    await certificate('unused', { names: 'd.example' })
    expect(await told()).toEqual([])
  })
})
