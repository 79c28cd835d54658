// Removes a site and all that belongs to it. Its rows go first, in one transaction: from then on start-up takes the rest for strays.
import { repositoryPath, siteLogPath, instancePath } from '../../config/home.ts'
import { join } from 'node:path'
import { removeTree } from '../../lib/files.ts'
import { parseHostName } from '../../names/host-name.ts'
import type { Site } from '../../store/sites.ts'
import type { Parts } from '../parts.ts'

export async function destroySite(site: Site, parts: Parts): Promise<void> {
  const { store, edge, runtime, config } = parts
  const domains = await store.domains.listOf(site.id)
  const instances = await store.instances.listOf(site.id)
  await store.sites.remove(site.id)
  parts.onStep?.('after:destroy')
  for (const { name } of domains) await edge.routes.remove(parseHostName(name))
  for (const { id } of instances) {
    await runtime.remove(id)
    await removeTree(instancePath(config.home, id))
  }
  await runtime.forgetSite(site.name)
  await removeTree(repositoryPath(config.home, site.name))
  await removeTree(join(config.home.releases, site.name))
  await removeTree(siteLogPath(config.home, site.name))
}
