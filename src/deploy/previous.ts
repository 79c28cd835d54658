// The release before this one, as far as its files can be used again.
import { releasePath } from '../config/home.ts'
import type { PreviousRelease } from '../buildpacks/types.ts'
import type { Site } from '../store/sites.ts'
import { readManifest } from './manifest.ts'
import type { Parts } from './parts.ts'

export async function previousRelease(
  site: Site,
  { store, config }: Parts,
): Promise<(PreviousRelease & { linkable: boolean }) | undefined> {
  if (site.live_release_id === null) return undefined
  const release = await store.releases.get(site.live_release_id)
  const directory = releasePath(config.home, site.name, release.directory)
  const manifest = await readManifest(directory).catch(() => undefined)
  return manifest && { directory, commit: release.commit, linkable: manifest.source === 'commit' }
}
