// Tickets and visits, as time goes by and as rights change.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { createSite } from '../../../src/access/sites.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { parseHostName } from '../../../src/names/host-name.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import { Visits } from '../../../src/phpmyadmin/visits.ts'
import type { Account } from '../../../src/store/accounts.ts'
import type { Site } from '../../../src/store/sites.ts'
import { openStore, type Store } from '../../../src/store/store.ts'

const minute = 60_000
const config = loadConfig({ flags: {}, env: {} })
let time: number
const clock: Clock = { now: () => new Date(time), sleep: () => Promise.resolve() }

let store: Store
let visits: Visits
let owner: Account
let guest: Account
let site: Site

const name = 'demo.localhost'
const get = async (of: Pick<Site, 'id'>) => {
  const row = await store.databases.findOf(of.id)
  if (row === undefined) throw new HostingError('not-found', 'none')
  return row
}
const addDatabase = (of: Site) =>
  store.databases.add({ name: `db_${of.id}`, siteId: of.id, password: 'sealed', maxConnections: 5 })
const makeSite = (by: Account) => createSite({ store, config, account: by, name: parseHostName(name) })

beforeEach(async () => {
  time = Date.parse('2026-01-02T03:04:05Z')
  store = await openStore(':memory:', clock)
  owner = await store.accounts.add('owner', 'user')
  guest = await store.accounts.add('guest', 'user')
  site = await makeSite(owner)
  await addDatabase(site)
  await store.grants.put(site.id, guest.id, 'write')
  visits = new Visits({ store, databases: { get }, clock })
})
afterEach(() => store.close())

async function begin(by: Account): Promise<string> {
  const secret = await visits.begin((await visits.invite(site, by)).ticket, name)
  if (secret === undefined) throw new Error('no visit')
  return secret
}

describe('a ticket', () => {
  it('counts once', async () => {
    const { ticket, expiresAt } = await visits.invite(site, guest)
    expect(expiresAt.getTime() - time).toBe(2 * minute)
    expect(Buffer.from(ticket, 'base64url')).toHaveLength(32)
    expect(await visits.begin(ticket, name)).toBeDefined()
    expect(await visits.begin(ticket, name)).toBeUndefined()
  })

  it('counts for two minutes', async () => {
    const [early, late] = [await visits.invite(site, guest), await visits.invite(site, guest)]
    time += 2 * minute - 1
    expect(await visits.begin(early.ticket, name)).toBeDefined()
    time += 1
    expect(await visits.begin(late.ticket, name)).toBeUndefined()
  })

  it('is spent on a wrong site, too', async () => {
    const { ticket } = await visits.invite(site, guest)
    expect(await visits.begin(ticket, 'other.localhost')).toBeUndefined()
    expect(await visits.begin(ticket, name)).toBeUndefined()
  })

  it('is not made up', async () => {
    for (const ticket of ['', 'x', '__proto__', 'A'.repeat(43)])
      expect(await visits.begin(ticket, name)).toBeUndefined()
  })

  it('is no visit, nor a visit a ticket', async () => {
    const { ticket } = await visits.invite(site, guest)
    expect(await visits.find(ticket, name)).toBeUndefined()
    expect(await visits.begin(await begin(guest), name)).toBeUndefined()
  })
})

describe('a visit', () => {
  it('goes on while it is used, and for eight hours', async () => {
    const secret = await begin(guest)
    for (let minutes = 0; minutes < 8 * 60 - 30; minutes += 30) {
      time += 30 * minute
      expect(await visits.find(secret, name)).toMatchObject({ site: { id: site.id } })
    }
    time += 30 * minute
    expect(await visits.find(secret, name)).toBeUndefined()
  })

  it('ends when it is not used for an hour', async () => {
    const secret = await begin(guest)
    time += 60 * minute + 1
    expect(await visits.find(secret, name)).toBeUndefined()
    time -= 60 * minute
    expect(await visits.find(secret, name)).toBeUndefined()
  })

  it('is for one site', async () => {
    const secret = await begin(guest)
    expect(await visits.find(secret, 'other.localhost')).toBeUndefined()
    expect(await visits.find(secret, name)).toBeDefined()
  })

  it.each<[string, () => Promise<unknown>]>([
    ['access', () => store.grants.put(site.id, guest.id, 'read')],
    ['grant', () => store.grants.remove(site.id, guest.id)],
    ['account', () => store.accounts.remove(guest.id)],
    ['password', () => store.databases.update(`db_${site.id}`, { password: 'another' })],
    ['database', () => store.databases.update(`db_${site.id}`, { site_id: null })],
    ['site', () => store.sites.remove(site.id)],
  ])('ends with the %s', async (_, change) => {
    const secret = await begin(guest)
    const { ticket } = await visits.invite(site, guest)
    expect(await visits.find(secret, name)).toBeDefined()
    await change()
    expect(await visits.find(secret, name)).toBeUndefined()
    expect(await visits.begin(ticket, name)).toBeUndefined()
  })

  it('does not come back with a new site or account of the same name', async () => {
    const secret = await begin(owner)
    await store.sites.remove(site.id)
    time += 1
    const next = await makeSite(owner)
    await addDatabase(next)
    expect(await visits.find(secret, name)).toBeUndefined()

    site = next
    await store.grants.put(next.id, guest.id, 'write')
    const ofGuest = await begin(guest)
    await store.accounts.remove(guest.id)
    time += 1
    await store.grants.put(next.id, (await store.accounts.add('guest', 'user')).id, 'write')
    expect(await visits.find(ofGuest, name)).toBeUndefined()
  })
})
