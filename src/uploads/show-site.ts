// One site as a session is to see it: its view, its storage in its place, and what it served before.
import { join } from 'node:path'
import { releasePath } from '../config/home.ts'
import { exists } from '../lib/files.ts'
import { parseHostName } from '../names/host-name.ts'
import type { SiteInJail } from '../privileged/jail/order.ts'
import type { CommitParts } from './commit-view.ts'
import { storageOf } from './prepare.ts'
import type { VisibleSite } from './visible-sites.ts'

type Parts = Pick<CommitParts, 'config' | 'store' | 'storages'>

/** @throws HostingError unavailable when its storage cannot be mounted */
export async function showSite({ site, role }: VisibleSite, parts: Parts): Promise<SiteInJail> {
  return {
    id: site.id,
    name: parseHostName(site.name),
    writable: role === 'write',
    hasTree: true,
    storage: await storageIn(site, parts),
    releases: await releasesOf(site, parts),
  }
}

async function storageIn(site: VisibleSite['site'], parts: Parts): Promise<SiteInJail['storage']> {
  const paths = await storageOf(site, parts)
  // Of a site that sleeps it may not be mounted.
  if (paths.length > 0) await parts.storages.ensure(site)
  return paths.map(({ path, isFolder }) => ({ path: Buffer.from(path, 'latin1').toString('utf8'), isFolder }))
}

async function releasesOf(
  site: VisibleSite['site'],
  { config, store }: Pick<CommitParts, 'config' | 'store'>,
): Promise<SiteInJail['releases']> {
  const releases = await store.releases.listOf(site.id)
  const kept = releases.filter(({ state }) => state === 'live' || state === 'retired')
  return await Promise.all(
    kept.map(async ({ number, directory }) => {
      const hasCommit = await exists(join(releasePath(config.home, site.name, directory), 'commit'))
      return { number, directory, part: hasCommit ? ('commit' as const) : ('tree' as const) }
    }),
  )
}
