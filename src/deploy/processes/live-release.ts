// The release that a site's processes belong to: the live one of a site that runs.
import { releasePath } from '../../config/home.ts'
import type { Site } from '../../store/sites.ts'
import { type Manifest, readManifest } from '../manifest.ts'
import type { Parts } from '../parts.ts'

export interface LiveRelease {
  readonly site: Site
  /** Another one with every deploy, rollback, restart and change of surroundings. */
  readonly instanceId: string
  /** Below releases/<site>/. */
  readonly directory: string
  readonly manifest: Manifest
}

/** Undefined for a site that is stopped, gone, or has nothing deployed. */
export async function findLiveRelease(siteId: number, { store, config }: Parts): Promise<LiveRelease | undefined> {
  const site = await store.sites.findById(siteId)
  if (site?.state !== 'running' || site.live_release_id === null || site.live_instance_id === null) return undefined
  const { directory } = await store.releases.get(site.live_release_id)
  const manifest = await readManifest(releasePath(config.home, site.name, directory))
  return { site, instanceId: site.live_instance_id, directory, manifest }
}
