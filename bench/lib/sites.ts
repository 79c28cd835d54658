// Many registered sites: what thousands of pushes would have left in the database and in the home, made in seconds.
// Their files are one site's, shared by links; their instances sleep.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, releasePath, repositoryPath, siteLogPath } from '../../src/config/home.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createId } from '../../src/lib/id.ts'
import { openStore, type Store } from '../../src/store/store.ts'

interface Registered {
  readonly name: string
  readonly instanceId: string
}

/** To be called before the daemon's first start. */
export async function registerSites(home: Home, count: number): Promise<void> {
  for (const path of [home.repositories, home.releases, home.instances, home.routes, home.logs])
    await mkdir(path, { recursive: true, mode: 0o755 })
  const directory = createId()
  const sites = await addRows(home, { count, directory })
  const [first, ...others] = sites
  if (first === undefined) return
  await makeFiles(home, first, directory)
  for (const site of others) await linkFiles(home, site, first)
  for (const { name, instanceId } of sites) await symlink(join('../instances', instanceId), join(home.routes, name))
}

/** Directories are below a site's own, so that all may have one name. */
async function addRows(home: Home, wanted: { count: number; directory: string }): Promise<Registered[]> {
  const store = await openStore(home.database, systemClock)
  try {
    return await store.transaction(async (inside) => {
      const owner = await inside.accounts.add('owner', 'user')
      const sites: Registered[] = []
      for (let index = 0; index < wanted.count; index++)
        sites.push(await addSite(inside, { name: nameOf(index), ownerId: owner.id, directory: wanted.directory }))
      return sites
    })
  } finally {
    await store.close()
  }
}

function nameOf(index: number): string {
  return `site-${String(index).padStart(5, '0')}.localhost`
}

async function addSite(
  store: Parameters<Parameters<Store['transaction']>[0]>[0],
  { name, ownerId, directory }: { name: string; ownerId: number; directory: string },
): Promise<Registered> {
  const { id } = await store.sites.add({ name, ownerId, branch: 'main' })
  const [releaseId, instanceId] = [createId(), createId()]
  await store.domains.add(name, id)
  const release = { id: releaseId, site_id: id, commit: '1'.repeat(40), subject: 'Start', account_id: ownerId }
  await store.releases.add({ ...release, directory, buildpack: 'static' })
  await store.releases.update(releaseId, { state: 'live', live_at: new Date().toISOString() })
  await store.instances.add({ id: instanceId, siteId: id, releaseId })
  await store.instances.setState(instanceId, 'live')
  await store.sites.update(id, { live_release_id: releaseId, live_instance_id: instanceId })
  return { name, instanceId }
}

async function makeFiles(home: Home, { name, instanceId }: Registered, directory: string): Promise<void> {
  const release = releasePath(home, name, directory)
  const instance = join(home.instances, instanceId)
  for (const path of [
    join(release, 'edge'),
    join(instance, 'run'),
    siteLogPath(home, name),
    repositoryPath(home, name),
  ])
    await mkdir(path, { recursive: true, mode: 0o755 })
  await writeFile(join(release, 'edge/index.html'), 'hello')
  await symlink(join('../../releases', name, directory, 'edge'), join(instance, 'edge'))
  await symlink(join('../../logs', name), join(instance, 'log'))
}

async function linkFiles(home: Home, site: Registered, model: Registered): Promise<void> {
  await mkdir(siteLogPath(home, site.name), 0o755)
  await symlink(model.instanceId, join(home.instances, site.instanceId))
  await symlink(model.name, join(home.releases, site.name))
  await symlink(`${model.name}.git`, repositoryPath(home, site.name))
}
