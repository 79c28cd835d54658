import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { openDatabase, openStore, type Store } from '../../../src/store/store.ts'

let directory: string
let store: Store
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosting-store-'))
  store = await openStore(join(directory, 'hosting.db'), systemClock)
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

async function site(name: string) {
  const owner = (await store.accounts.find('anna')) ?? (await store.accounts.add('anna', 'user'))
  return await store.sites.add({ name, ownerId: owner.id, branch: 'main' })
}

const release = (siteId: number, id: string) =>
  store.releases.add({ id, site_id: siteId, commit: 'c', subject: 's', account_id: null, directory: id })

describe('the database', () => {
  it('is synced at every commit, at the first opening and at later ones', async () => {
    await store.close()
    for (let opening = 0; opening < 2; opening++) {
      const database = openDatabase(join(directory, 'hosting.db'))
      const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout']
      const [full, on] = [2, 1]
      expect(pragmas.map((name) => database.pragma(name, { simple: true }))).toEqual(['wal', full, on, 5000])
      database.close()
    }
    store = await openStore(join(directory, 'hosting.db'), systemClock)
  })

  it('is there again after it was closed', async () => {
    await site('demo.localhost')
    await store.close()
    store = await openStore(join(directory, 'hosting.db'), systemClock)
    expect(await store.sites.find('demo.localhost')).toMatchObject({ branch: 'main', state: 'running' })
  })

  it('undoes a transaction that fails, and keeps others apart from it', async () => {
    const failing = store.transaction(async (inside) => {
      await inside.accounts.add('ben', 'user')
      throw new Error('on purpose')
    })
    const other = store.accounts.add('carla', 'user')
    await expect(failing).rejects.toThrow('on purpose')
    await other
    expect((await store.accounts.list()).map(({ name }) => name)).toEqual(['carla'])
  })
})

describe('sites', () => {
  it('never reuse an id: a uid comes from it', async () => {
    const first = await site('a.example')
    await store.sites.remove(first.id)
    expect((await site('b.example')).id).toBe(first.id + 1)
  })

  it('take everything of theirs with them', async () => {
    const { id } = await site('a.example')
    const account = await store.accounts.add('ben', 'user')
    await store.domains.add('www.a.example', id)
    await store.grants.put(id, account.id, 'read')
    await release(id, 'one')
    await store.instances.add({ id: 'instance', siteId: id, releaseId: 'one' })
    await store.jobs.add({
      ...{ id: 'job', site_id: id, kind: 'push', step: 'build' },
      release_id: 'one',
      instance_id: null,
      git_pid: 1,
    })
    await store.sites.remove(id)
    expect(await Promise.all([store.domains.list(), store.instances.list(), store.jobs.list()])).toEqual([[], [], []])
    expect(await store.releases.listOf(id)).toEqual([])
    expect(await store.grants.listOf(id)).toEqual([])
  })

  it('keep the account that owns them', async () => {
    const { owner_id } = await site('a.example')
    await expect(store.accounts.remove(owner_id)).rejects.toThrow('FOREIGN KEY')
  })

  it('are found by each of their domains, as they are', async () => {
    const { id } = await site('a.example')
    await store.domains.add('www.a.example', id)
    expect(await store.sites.findByDomain('www.a.example')).toMatchObject({ id, name: 'a.example' })
    expect(await store.sites.findByDomain('a.example')).toBeUndefined()
  })

  it('have names that are unique, as have domains', async () => {
    const { id } = await site('a.example')
    await expect(site('a.example')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_UNIQUE' })
    await store.domains.add('b.example', id)
    await expect(store.domains.add('b.example', id)).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' })
  })
})

describe('releases', () => {
  it('are numbered from 1 within their site, newest first', async () => {
    const [one, two] = [await site('a.example'), await site('b.example')]
    for (const id of ['a1', 'a2']) await release(one.id, id)
    await release(two.id, 'b1')
    const numbers = async (id: number) => (await store.releases.listOf(id)).map(({ number }) => number)
    expect([await numbers(one.id), await numbers(two.id)]).toEqual([[2, 1], [1]])
    expect(await store.releases.find(one.id, 2)).toMatchObject({ id: 'a2', state: 'preparing', timings: '{}' })
    expect((await store.releases.listByIds(['a1', 'b1', 'x'])).map(({ id }) => id).sort()).toEqual(['a1', 'b1'])
    expect(await store.releases.listByIds([])).toEqual([])
  })

  it('outlive the account that pushed them', async () => {
    const { id } = await site('a.example')
    const ben = await store.accounts.add('ben', 'user')
    await store.releases.add({ id: 'x', site_id: id, commit: 'c', subject: 's', account_id: ben.id, directory: 'x' })
    await store.accounts.remove(ben.id)
    expect((await store.releases.get('x')).account_id).toBeNull()
  })

  it('that are removed leave no live one behind', async () => {
    const { id } = await site('a.example')
    await release(id, 'x')
    await store.sites.update(id, { live_release_id: 'x' })
    await store.releases.remove('x')
    expect((await store.sites.get(id)).live_release_id).toBeNull()
  })
})

describe('grants and keys', () => {
  it('of one account to one site are one, the last', async () => {
    const { id } = await site('a.example')
    const ben = await store.accounts.add('ben', 'user')
    for (const role of ['read', 'write'] as const) await store.grants.put(id, ben.id, role)
    expect(await store.grants.listOf(id)).toMatchObject([{ account: 'ben', role: 'write' }])
    expect((await store.sites.listFor(ben.id)).map(({ name }) => name)).toEqual(['a.example'])
  })

  it('remember when a key was used', async () => {
    const ben = await store.accounts.add('ben', 'user')
    await store.keys.add({ fingerprint: 'SHA256:x', account_id: ben.id, public_key: 'k', comment: '' })
    expect((await store.keys.find('SHA256:x'))?.last_used_at).toBeNull()
    await store.keys.used('SHA256:x')
    expect((await store.keys.find('SHA256:x'))?.last_used_at).toMatch(/^\d{4}-.*Z$/)
  })
})
