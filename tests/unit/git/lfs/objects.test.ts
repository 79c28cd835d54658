import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Config, loadConfig } from '../../../../src/config/load.ts'
import { createLfsObjects, type LfsObjects } from '../../../../src/git/lfs/objects.ts'
import { type Clock, systemClock } from '../../../../src/lib/clock.ts'
import type { Site } from '../../../../src/store/sites.ts'
import { openStore, type Store } from '../../../../src/store/store.ts'

let config: Config
let time: number
const clock: Clock = { ...systemClock, now: () => new Date(time) }
let store: Store
let site: Site
let objects: LfsObjects

beforeEach(async () => {
  config = loadConfig({ flags: { home: await mkdtemp(join(tmpdir(), 'lfs-')), 'lfs-mb': '1' }, env: {} })
  time = Date.now()
  store = await openStore(':memory:', clock)
  const { id } = await store.accounts.add('anna', 'user')
  site = await store.sites.add({ name: 'demo.localhost', ownerId: id, branch: 'main' })
  objects = createLfsObjects({ config, store })
})
afterEach(async () => {
  await store.close()
  await rm(config.home.root, { recursive: true })
})

const objectOf = (content: Buffer) => ({
  oid: createHash('sha256').update(content).digest('hex'),
  size: content.length,
})
const receive = (content: Buffer, claimed = objectOf(content)) =>
  objects.receive(site, claimed, Readable.from([content.subarray(0, 3), content.subarray(3)]))
const files = async () =>
  (await readdir(config.home.lfs, { recursive: true })).filter((name) => /[0-9a-f]{64}$/.test(name))

describe('a large file', () => {
  it('is kept by what it holds, once', async () => {
    const content = Buffer.from('a large file, so to speak')
    await receive(content)
    await receive(content)
    const object = objectOf(content)
    expect(await readFile(objects.pathOf(site, object.oid))).toEqual(content)
    expect([...(await objects.present(site, [object, { oid: 'f'.repeat(64), size: 1 }]))]).toEqual([object.oid])
    expect(await objects.room(site)).toBe(1024 * 1024 - content.length)
    expect(await readdir(join(config.home.lfs, site.name, 'incoming'))).toEqual([])
  })

  it('may be empty', async () => {
    await receive(Buffer.alloc(0))
    expect(await files()).toHaveLength(1)
  })

  it('is refused, and nothing of it kept, when it is not what its id says', async () => {
    const content = Buffer.from('something')
    const { oid, size } = objectOf(content)
    for (const claimed of [
      { oid: 'f'.repeat(64), size },
      { oid, size: size - 1 },
      { oid, size: size + 1 },
    ])
      await expect(receive(content, claimed)).rejects.toMatchObject({ code: 'invalid-request' })
    expect(await files()).toEqual([])
    expect(await store.lfsObjects.bytesOf(site.id)).toBe(0)
    expect(await objects.room(site)).toBe(1024 * 1024)
  })

  it('is refused when its client leaves', async () => {
    const broken = new Readable({ read: () => undefined })
    broken.push('some')
    const receiving = objects.receive(site, { oid: 'f'.repeat(64), size: 100 }, broken)
    setImmediate(() => broken.destroy(new Error('gone')))
    await expect(receiving).rejects.toThrow('gone')
    expect(await readdir(join(config.home.lfs, site.name, 'incoming'))).toEqual([])
  })

  // The attack: many at once, each of which alone would fit.
  it('counts in the quota as soon as it begins to come', async () => {
    const most = [1, 2, 3].map((fill) => Buffer.alloc(400 * 1024, fill))
    const ends = await Promise.allSettled(most.map((content) => receive(content)))
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'quota-exceeded' } })
  })
})

describe('pruning', () => {
  const day = 24 * 3_600_000
  const [old, wanted, needed] = [Buffer.from('old'), Buffer.from('wanted again'), Buffer.from('needed')]
  const prune = () =>
    objects.prune(site, {
      ...{ needed: new Set([objectOf(needed).oid]), since: new Date(time - day) },
      signal: new AbortController().signal,
    })
  const names = async () => (await files()).map((name) => name.slice(-64)).sort()
  const oids = (...contents: Buffer[]) => contents.map((content) => objectOf(content).oid).sort()

  it('takes what nothing needs and nobody has asked for since, and gives its room back', async () => {
    for (const content of [old, wanted, needed]) await receive(content)
    time += 2 * day
    await objects.want(site, oids(wanted))
    await receive(Buffer.from('just came'))
    expect(await prune()).toBe(1)
    expect(await names()).toEqual(oids(wanted, needed, Buffer.from('just came')))
    expect([...(await objects.present(site, [objectOf(old), objectOf(needed)]))]).toEqual(oids(needed))
    expect(await objects.room(site)).toBe(1024 * 1024 - 'wanted againneededjust came'.length)
    expect(await prune()).toBe(0)
  })

  it('leaves what comes again at that moment', async () => {
    await receive(old)
    time += 2 * day
    await Promise.all([prune(), receive(old), prune(), receive(old)])
    expect(await names()).toEqual(oids(old))
    expect(await objects.room(site)).toBe(1024 * 1024 - old.length)
  })

  it('takes what a crash has left without its row', async () => {
    await receive(old)
    time += 2 * day
    await store.lfsObjects.removeUnwanted(site.id, objectOf(old).oid, new Date(time))
    expect(await names()).toEqual(oids(old))
    await prune()
    expect(await names()).toEqual([])
  })
})
