// Each rule by which a name is given or refused, and what takes precedence over what.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepNames } from '../../../src/access/kept-names.ts'
import type { NameServers } from '../../../src/access/name-proof.ts'
import { addDomain, createSite, removeDomain } from '../../../src/access/sites.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import { parseDomain } from '../../../src/names/domain-name.ts'
import { parseHostName } from '../../../src/names/host-name.ts'
import type { Site } from '../../../src/store/sites.ts'
import { openStore, type Store } from '../../../src/store/store.ts'

const baseDomain = 'apps.example.org'
let store: Store
let sites: Record<'anna' | 'ben' | 'root', Site>
let flags: Record<string, string>
let dns: NameServers
let now: Date
const clock: Clock = { now: () => now, sleep: () => Promise.resolve() }
const silentDns: NameServers = { addresses: () => Promise.resolve([]), texts: () => Promise.resolve([]) }

type Person = keyof typeof sites

beforeEach(async () => {
  now = new Date('2026-11-21T00:00:00Z')
  flags = {}
  dns = silentDns
  store = await openStore(':memory:', clock)
  for (const name of ['anna', 'ben', 'root']) await store.accounts.add(name, name === 'root' ? 'admin' : 'user')
  sites = { anna: await made('anna'), ben: await made('ben'), root: await made('root') }
})
afterEach(async () => await store.close())

const config = () => loadConfig({ flags: { 'base-domain': baseDomain, ...flags }, env: {} })
const accountOf = async (person: Person) => (await store.accounts.find(person))!

async function made(person: Person): Promise<Site> {
  return await createSite({
    ...{ store, config: config(), nameServers: silentDns, account: await accountOf(person) },
    name: parseHostName(`of-${person}.${baseDomain}`),
  })
}

/** `taken`, or the code of the refusal. */
async function take(name: string, person: Person): Promise<string> {
  try {
    const claim = { store, config: config(), account: await accountOf(person), nameServers: dns }
    await addDomain({ ...claim, site: sites[person], name: parseDomain(name, baseDomain), answer: { role: 'served' } })
    return 'taken'
  } catch (error) {
    if (error instanceof HostingError) return error.code
    throw error
  }
}

describe('a name that nobody may take', () => {
  it.each([
    'git',
    'www',
    'www.apps.example.org',
    'x.git.apps.example.org',
    '*.git',
    'db',
    '*.db',
    'co.uk',
    '*.co.uk',
    'github.io',
    '公司.cn',
  ])('%s', async (name) =>
    expect([await take(name, 'anna'), await take(name, 'root')]).toEqual(['forbidden', 'forbidden']),
  )

  it('is what the configuration lists, with what lies below', async () => {
    flags = { 'reserved-names': 'shop, bank.example' }
    expect([
      await take('shop', 'root'),
      await take('a.bank.example', 'anna'),
      await take('*.bank.example', 'anna'),
    ]).toEqual(Array(3).fill('forbidden'))
    expect([await take('git', 'anna'), await take('mybank.example', 'anna')]).toEqual(['taken', 'taken'])
  })

  it('is where phpMyAdmin is, wherever that is', async () => {
    flags = { 'database-admin-host': 'sql' }
    expect([await take('sql', 'root'), await take(`x.sql.${baseDomain}`, 'anna'), await take('*.sql', 'anna')]).toEqual(
      Array(3).fill('forbidden'),
    )
    expect(await take('db', 'anna')).toBe('taken')
    flags = { 'database-admin-host': 'sql.example.com' }
    expect([await take('sql.example.com', 'anna'), await take('*.sql.example.com', 'anna')]).toEqual(
      Array(2).fill('forbidden'),
    )
    expect([await take('example.com', 'anna'), await take('*.example.com', 'anna')]).toEqual(Array(2).fill('taken'))
  })

  it('is not a name beside them', async () => {
    for (const name of ['digit', 'git.example.net', 'my.github.io', 'example.co.uk'])
      expect(await take(name, 'anna'), name).toBe('taken')
  })
})

describe('a wildcard', () => {
  it('speaks for the names below it and for its own name', async () => {
    expect(await take('*.club.example', 'anna')).toBe('taken')
    for (const name of ['club.example', 'a.club.example', 'a.b.club.example', '*.a.club.example'])
      expect([name, await take(name, 'ben')]).toEqual([name, 'forbidden'])
    expect(await take('*.club.example', 'ben')).toBe('conflict')
    for (const name of ['club.example', 'a.club.example']) expect(await take(name, 'anna')).toBe('taken')
  })

  it('leaves those their names who had them before', async () => {
    expect(await take('shop.club.example', 'ben')).toBe('taken')
    expect(await take('*.club.example', 'anna')).toBe('taken')
    expect((await store.sites.findByDomain('shop.club.example'))?.name).toBe(sites.ben.name)
  })

  it('of the platform, or above it, is nobody’s', async () => {
    expect(await take('*.example.org', 'anna')).toBe('forbidden')
  })
})

describe('the consent of an owner', () => {
  it('opens the names below until it is taken back, and ends with the domain', async () => {
    await take('club.example', 'anna')
    expect(await take('shop.club.example', 'ben')).toBe('forbidden')
    const ben = await accountOf('ben')
    await store.consents.put('club.example', ben.id)
    expect(await take('shop.club.example', 'ben')).toBe('taken')
    expect(await take('club.example', 'ben')).toBe('conflict')
    await store.consents.remove('club.example', ben.id)
    expect(await take('other.club.example', 'ben')).toBe('forbidden')
    expect(await take('a.shop.club.example', 'ben')).toBe('taken')
    await store.consents.put('club.example', ben.id)
    await removeDomain({ store, site: sites.anna, name: parseHostName('club.example') })
    expect(await store.consents.listOf(sites.anna.id)).toEqual([])
  })
})

describe('a destroyed site', () => {
  it('keeps its domains for its owner for a while, and no others', async () => {
    const gone = { ...sites.anna, live_release_id: 'r' }
    await keepNames({ store, config: config(), site: gone, names: ['club.example', `of.${baseDomain}`] })
    expect([await take('club.example', 'ben'), await take('of', 'ben')]).toEqual(['conflict', 'taken'])
    expect(await take('sub.club.example', 'ben')).toBe('conflict')
    now = new Date('2026-11-28T00:00:01Z')
    expect(await take('club.example', 'ben')).toBe('taken')
  })

  it('gives them back to its owner, and to whom an admin says', async () => {
    const gone = { ...sites.anna, live_release_id: 'r' }
    await keepNames({ store, config: config(), site: gone, names: ['a.example', 'b.example'] })
    expect([await take('a.example', 'anna'), await take('b.example', 'root')]).toEqual(['taken', 'taken'])
    expect(await store.keptNames.find('a.example')).toBeUndefined()
  })

  it('that was never live has nothing to keep', async () => {
    await keepNames({ store, config: config(), site: sites.anna, names: ['club.example'] })
    expect(await take('club.example', 'ben')).toBe('taken')
  })
})

describe('proof by a TXT record', () => {
  const here = '203.0.113.5'
  const texts = new Map<string, string[]>()
  beforeEach(() => {
    texts.clear()
    flags = { 'domain-proof': 'always' }
    dns = { addresses: () => Promise.resolve([]), texts: (name) => Promise.resolve(texts.get(name) ?? []) }
  })

  async function wanted(name: string, person: Person): Promise<[name: string, text: string]> {
    const claim = { store, config: config(), account: await accountOf(person), nameServers: dns }
    const taking = addDomain({
      ...claim,
      site: sites[person],
      name: parseDomain(name, baseDomain),
      answer: { role: 'served' },
    })
    const error = await taking.catch((thrown: unknown) => thrown)
    if (!(error instanceof HostingError)) throw new Error(`${name} was given without proof`)
    const [, record = '', text = ''] = /(\S+)\. TXT "(.+)"/.exec(error.details.join('\n')) ?? []
    return [record, text]
  }

  it('is asked for, with the record to set, and enough for all below what was registered', async () => {
    const [name, text] = await wanted('www.club.co.uk', 'anna')
    expect(name).toBe('_hosting-challenge.club.co.uk')
    texts.set(name, ['v=spf1 -all', text])
    expect([await take('www.club.co.uk', 'anna'), await take('club.co.uk', 'anna')]).toEqual(['taken', 'taken'])
  })

  it('is for one account and one name', async () => {
    const [name, text] = await wanted('club.example', 'anna')
    texts.set(name, [text])
    expect(await take('club.example', 'ben')).toBe('forbidden')
    texts.set('_hosting-challenge.other.example', [text])
    expect(await take('other.example', 'anna')).toBe('forbidden')
  })

  it('is not asked of admins, below the base domain, nor below what one has', async () => {
    expect([await take('club.example', 'root'), await take('free', 'anna')]).toEqual(['taken', 'taken'])
    const [name, text] = await wanted('mine.example', 'anna')
    texts.set(name, [text])
    await take('mine.example', 'anna')
    texts.clear()
    expect([await take('www.mine.example', 'anna'), await take('*.mine.example', 'anna')]).toEqual(['taken', 'taken'])
  })

  it('is asked for only where the DNS leads elsewhere, unless the configuration wants it always', async () => {
    flags = { standalone: 'false', 'public-addresses': here }
    let addresses: string[] = []
    dns = { addresses: () => Promise.resolve(addresses), texts: () => Promise.resolve([]) }
    expect(await take('nowhere.example', 'anna')).toBe('taken')
    addresses = ['198.51.100.7']
    expect(await take('elsewhere.example', 'anna')).toBe('forbidden')
    addresses = ['198.51.100.7', here]
    expect(await take('here.example', 'anna')).toBe('taken')
    addresses = ['198.51.100.7']
    flags = { 'public-addresses': here }
    expect(await take('trial.example', 'anna')).toBe('taken')
    flags = { standalone: 'false', 'public-addresses': here, 'domain-proof': 'never' }
    expect(await take('never.example', 'anna')).toBe('taken')
  })
})
