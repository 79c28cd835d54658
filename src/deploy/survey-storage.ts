// What a site's storage holds, asked for with what its live release uses.
import { releasePath } from '../config/home.ts'
import type { StorageSurvey } from '../data/storage/storages.ts'
import type { Site } from '../store/sites.ts'
import { readManifest } from './manifest.ts'
import type { Parts } from './parts.ts'

export async function surveyStorage(
  site: Site,
  { config, store, storages }: Pick<Parts, 'config' | 'store' | 'storages'>,
): Promise<StorageSurvey | undefined> {
  if (site.live_release_id === null) return undefined
  const { directory } = await store.releases.get(site.live_release_id)
  const { image, storage } = await readManifest(releasePath(config.home, site.name, directory))
  if (image === 'static') return undefined
  return await storages.survey(site, { directory, paths: storage })
}
