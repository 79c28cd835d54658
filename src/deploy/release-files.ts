// The files of releases that nothing refers to any more: removed later and slowly, never in a push's way.
import { releasePath } from '../config/home.ts'
import type { Release } from '../store/releases.ts'
import type { Site } from '../store/sites.ts'
import type { Parts } from './parts.ts'
import { emptyTrash, moveToTrash } from './trash.ts'

/** On some file systems a large removal slows down the making of files for a while (ten times was measured): not right after a deploy. */
const pauseMs = 10_000

export async function removeUnusedReleases(site: Site, { store, config, clock, background }: Parts): Promise<void> {
  const { releases } = config.home
  await clock.sleep(pauseMs, background.signal)
  for (const directory of unusedDirectories(await store.releases.listOf(site.id)))
    await moveToTrash(releasePath(config.home, site.name, directory), releases)
  await emptyTrash(releases, background.signal)
}

/** Directories that only releases without files refer to: a rollback shares that of the release it repeats. */
export function unusedDirectories(releases: readonly Release[]): string[] {
  const gone = (release: Release) => release.state === 'removed' || release.state === 'failed'
  const used = new Set(releases.filter((release) => !gone(release)).map((release) => release.directory))
  return [...new Set(releases.filter(gone).map((release) => release.directory))].filter(
    (directory) => !used.has(directory),
  )
}
