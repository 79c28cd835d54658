// A change of variables whose new instance does not start: all is as before, and the list of releases says why.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { createBackground } from '../../../src/deploy/background.ts'
import { environmentOf, storeEnvironment } from '../../../src/deploy/environment.ts'
import { changeEnvironment } from '../../../src/deploy/operations/environment.ts'
import type { Parts } from '../../../src/deploy/parts.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { createSealing, sealingKeyBytes } from '../../../src/lib/sealing.ts'
import type { InstanceSpec, Runtime } from '../../../src/runtime/runtime.ts'
import type { Account } from '../../../src/store/accounts.ts'
import type { Site } from '../../../src/store/sites.ts'
import { openStore } from '../../../src/store/store.ts'

let root: string
let parts: Parts
let site: Site
let account: Account
const started: InstanceSpec[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hosting-environment-'))
  const config = loadConfig({ flags: { home: root }, env: {} })
  const store = await openStore(':memory:', systemClock)
  const runtime: Partial<Runtime> = {
    start: (spec) => {
      started.push(spec)
      return Promise.reject(new HostingError('unavailable', 'No instance today'))
    },
    remove: () => Promise.resolve(),
    async *logs() {},
  }
  const sealing = createSealing(new Uint8Array(sealingKeyBytes))
  const background = createBackground(silentLog)
  const databases = { surroundings: () => Promise.resolve(undefined), ensure: () => Promise.resolve(false) }
  parts = {
    config,
    store,
    runtime,
    databases,
    sealing,
    background,
    clock: systemClock,
    log: silentLog,
  } as unknown as Parts
  account = await store.accounts.add('ann', 'user')
  site = await store.sites.add({ name: 'demo.localhost', ownerId: account.id, branch: 'main' })
})
afterEach(async () => {
  started.length = 0
  await parts.store.close()
  await rm(root, { recursive: true })
})

const change = (wanted: { set?: Record<string, string>; unset?: string[] }) =>
  changeEnvironment(site, { ...wanted, account, print: () => undefined }, parts)

async function deployed(): Promise<void> {
  const { store, config } = parts
  const release = { id: 'r1', site_id: site.id, commit: 'c', subject: 's', account_id: null, directory: 'r1' }
  await store.releases.add({ ...release, buildpack: 'static' })
  await store.sites.update(site.id, { live_release_id: 'r1' })
  site = await store.sites.get(site.id)
  const directory = join(config.home.releases, site.name, 'r1')
  await mkdir(directory, { recursive: true })
  const manifest = { buildpack: 'static', image: 'static', health: { path: '/', timeoutMs: 1000 }, source: 'commit' }
  await writeFile(join(directory, 'release.json'), JSON.stringify(manifest))
}

it('changes nothing when the new instance does not start, and tells why in the list of releases', async () => {
  await storeEnvironment(site, { OLD: 'kept' }, parts)
  await deployed()
  await expect(change({ set: { NEW: 'x', OLD: 'other' } })).rejects.toThrow('No instance today')
  expect(started[0]?.env).toEqual({ NEW: 'x', OLD: 'other' })
  expect(await environmentOf(site, parts)).toEqual({ OLD: 'kept' })
  expect(await parts.store.releases.listOf(site.id)).toMatchObject([
    { state: 'failed', reason: 'No instance today', subject: 'env:set NEW, OLD', directory: 'r1' },
    { id: 'r1' },
  ])
  expect([await parts.store.jobs.list(), await parts.store.instances.list()]).toEqual([[], []])
  expect(await readdir(join(parts.config.home.releases, site.name))).toEqual(['r1'])
  expect(await readdir(parts.config.home.instances)).toEqual([])
})

it('keeps values until there is something to start with them', async () => {
  expect(await change({ set: { A: '1', B: '2' } })).toEqual({ changed: ['A', 'B'] })
  expect(await change({ set: { A: '1' } })).toEqual({ changed: [] })
  expect(await change({ unset: ['B'] })).toEqual({ changed: ['B'] })
  expect(await environmentOf(site, parts)).toEqual({ A: '1' })
  expect(started).toEqual([])
})

it('refuses all of a change for one wrong name', async () => {
  await expect(change({ set: { GOOD: '1', LD_PRELOAD: '/tmp/x.so' } })).rejects.toMatchObject({ code: 'invalid-name' })
  await expect(change({ unset: ['MISSING'] })).rejects.toMatchObject({ code: 'not-found' })
  expect(await environmentOf(site, parts)).toEqual({})
})
