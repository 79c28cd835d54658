// One site as a session is to see it: its view, its storage in its place, and what it served before.
import { join } from 'node:path'
import { releasePath } from '../config/home.ts'
import { exists } from '../lib/files.ts'
import { siteUid } from '../names/site-uid.ts'
import type { CommitParts } from './commit-view.ts'
import { storageOf } from './prepare.ts'
import type { ShownSite } from './types.ts'
import { ownerOfUploads, treeOf, type View } from './view.ts'
import type { VisibleSite } from './visible-sites.ts'

export async function showSite(
  { site, role }: VisibleSite,
  view: View | undefined,
  parts: Pick<CommitParts, 'config' | 'store'>,
): Promise<ShownSite> {
  if (view === undefined) throw new Error(`${site.name} has no view`)
  const directory = join(parts.config.home.storage, site.name)
  const paths = (await exists(directory)) ? await storageOf(site, parts) : []
  return {
    name: site.name,
    tree: treeOf(view),
    writable: role === 'write',
    storage: { paths, directory, uid: ownerOfUploads() === undefined ? undefined : siteUid(site.id) },
    releases: await releasesOf(site, parts),
  }
}

async function releasesOf(
  site: VisibleSite['site'],
  { config, store }: Pick<CommitParts, 'config' | 'store'>,
): Promise<ShownSite['releases'][number][]> {
  const releases = await store.releases.listOf(site.id)
  const kept = releases.filter(({ state }) => state === 'live' || state === 'retired')
  return await Promise.all(
    kept.map(async ({ number, directory }) => {
      const place = releasePath(config.home, site.name, directory)
      const commit = join(place, 'commit')
      return { number, tree: (await exists(commit)) ? commit : join(place, 'tree') }
    }),
  )
}
