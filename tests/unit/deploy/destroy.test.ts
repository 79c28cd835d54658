import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { createStorages } from '../../../src/data/storage/storages.ts'
import { createBackground } from '../../../src/deploy/background.ts'
import { destroySite } from '../../../src/deploy/operations/destroy.ts'
import type { Parts } from '../../../src/deploy/parts.ts'
import { noCertificates } from '../../../src/certs/no-certificates.ts'
import { routesIn } from '../../../src/edge/routes.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { parseHostName } from '../../../src/names/host-name.ts'
import type { Runtime } from '../../../src/runtime/runtime.ts'
import { openStore } from '../../../src/store/store.ts'

/** The attack: wait for a site to be destroyed, take its name at once, and read the repository that is still there. */
it('leaves nothing under the name of a site from the moment on in which others can take that name', async () => {
  const root = await mkdtemp(join(tmpdir(), 'hosting-destroy-'))
  const config = loadConfig({ flags: { home: root }, env: {} })
  const store = await openStore(':memory:', systemClock)
  const { repositories, releases, logs, routes, storage } = config.home
  const owner = await store.accounts.add('ann', 'user')
  const site = await store.sites.add({ name: parseHostName('demo.localhost'), ownerId: owner.id, branch: 'main' })
  await store.domains.add(parseHostName('demo.localhost'), site.id)
  const release = { id: 'r', site_id: site.id, commit: 'c', subject: 's', account_id: owner.id, directory: 'r' }
  await store.instances.add({ id: 'i', siteId: site.id, releaseId: (await store.releases.add(release)).id })
  for (const path of [
    join(repositories, 'demo.localhost.git'),
    join(releases, 'demo.localhost/r'),
    join(logs, 'demo.localhost'),
    join(storage, 'demo.localhost'),
  ])
    await mkdir(path, { recursive: true })
  for (const path of [routes, config.home.secure, config.home.gated]) await mkdir(path)
  await routesIn(config.home).park(parseHostName('demo.localhost'))

  const named = async () =>
    (await Promise.all([repositories, releases, logs, routes, storage].map((path) => readdir(path))))
      .flat()
      .filter((entry) => entry.startsWith('demo.localhost'))
  expect(await named()).toHaveLength(5)
  let leftWhenFree: string[] | undefined
  const runtime: Pick<Runtime, 'remove' | 'forgetSite'> = {
    async remove() {
      expect(await store.sites.find('demo.localhost')).toBeUndefined()
      leftWhenFree = await named()
    },
    forgetSite: () => Promise.resolve(),
  }
  const background = createBackground(silentLog)
  const edge = { routes: routesIn(config.home) }
  await destroySite(site, {
    config,
    store,
    runtime,
    edge,
    certificates: noCertificates,
    storages: await createStorages(config),
    background,
    mail: { remove: () => Promise.resolve() },
    databases: { removeLeftovers: () => Promise.resolve() },
    clock: systemClock,
    log: silentLog,
  } as unknown as Parts)
  expect(leftWhenFree).toEqual([])
  await expect
    .poll(async () => [
      ...(await readdir(repositories)),
      ...(await readdir(releases)),
      ...(await readdir(logs)),
      ...(await readdir(storage)),
    ])
    .toEqual([])
  await background.stop()
  await store.close()
  await rm(root, { recursive: true })
})
