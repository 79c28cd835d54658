// Removes a site and all that belongs to it. Its rows go first: from then on start-up takes the rest for strays.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { instancePath, lfsPath, repositoryPath, siteLogPath } from '../../config/home.ts'
import { absentAsUndefined, removeTree } from '../../lib/files.ts'
import { readDomain } from '../../names/domain-name.ts'
import type { Site } from '../../store/sites.ts'
import type { Parts } from '../parts.ts'
import { keepNames } from '../../access/kept-names.ts'
import { emptyTrash, moveToTrash } from '../trash.ts'

export async function destroySite(site: Site, parts: Parts): Promise<void> {
  const { store, runtime, config, background } = parts
  const instances = await store.instances.listOf(site.id)
  // Before its names are given up: afterwards they may be somebody else's. Until then they answer by plain HTTP.
  for (const { name } of await store.domains.listOf(site.id)) await parts.certificates.forget(name)
  await giveUpName(site, parts)
  parts.onStep?.('after:destroy')
  for (const { id } of instances) {
    await runtime.remove(id)
    await removeTree(instancePath(config.home, id))
  }
  await parts.mail.remove(site.id)
  await runtime.forgetSite(site.name)
  background.run('remove the database of a destroyed site', () => parts.databases.removeLeftovers())
  const { repositories, releases, logs, lfs, uploads } = config.home
  background.run('remove what a destroyed site left', async (signal) => {
    await discardViews(site, uploads)
    await parts.storages.sweep()
    for (const place of [repositories, releases, logs, lfs, uploads]) await emptyTrash(place, signal)
  })
}

/** Its number is nobody else's, now or later. Whoever is in one of them is thrown out. */
async function discardViews({ id }: Site, uploads: string): Promise<void> {
  for (const entry of (await absentAsUndefined(readdir(uploads))) ?? [])
    if (entry.startsWith(`${id}-`)) await moveToTrash(join(uploads, entry), uploads)
}

/**
 * One transaction, which others wait for: by the time somebody else can take the name, nothing bears it any more. Else the next owner
 * would get this site's repository and logs to read, and lose their own to the rest of the removal.
 */
async function giveUpName(site: Site, { store, edge, storages, config }: Parts): Promise<void> {
  const { home } = config
  await store.transaction(async (inside) => {
    const domains = await inside.domains.listOf(site.id)
    await keepNames({ store: inside, config, site, names: domains.map(({ name }) => name) })
    await inside.sites.remove(site.id)
    await storages.discard(site.name)
    for (const { name } of domains) await edge.routes.remove(readDomain(name))
    await moveToTrash(repositoryPath(home, site.name), home.repositories)
    await moveToTrash(join(home.releases, site.name), home.releases)
    await moveToTrash(siteLogPath(home, site.name), home.logs)
    await moveToTrash(lfsPath(home, site.name), home.lfs)
  })
}
