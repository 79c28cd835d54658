import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Config, loadConfig } from '../../../../src/config/load.ts'
import { createLfsObjects, type LfsObjects } from '../../../../src/git/lfs/objects.ts'
import { systemClock } from '../../../../src/lib/clock.ts'
import type { Site } from '../../../../src/store/sites.ts'
import { openStore, type Store } from '../../../../src/store/store.ts'

let config: Config
let store: Store
let site: Site
let objects: LfsObjects

beforeEach(async () => {
  config = loadConfig({ flags: { home: await mkdtemp(join(tmpdir(), 'lfs-')), 'lfs-mb': '1' }, env: {} })
  store = await openStore(':memory:', systemClock)
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
