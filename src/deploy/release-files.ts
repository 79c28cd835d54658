// The files of releases that nothing refers to any more: removed later and slowly, never in a push's way.
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { releasePath } from '../config/home.ts'
import { ensureDirectory, exists } from '../lib/files.ts'
import { execOk } from '../lib/exec.ts'
import type { Release } from '../store/releases.ts'
import type { Site } from '../store/sites.ts'
import type { Parts } from './parts.ts'

/** On some file systems a large removal slows down the making of files for a while (ten times was measured): not right after a deploy. */
const pauseMs = 10_000

export async function removeUnusedReleases(site: Site, parts: Parts): Promise<void> {
  await parts.clock.sleep(pauseMs, parts.background.signal)
  for (const directory of unusedDirectories(await parts.store.releases.listOf(site.id))) {
    await removeReleaseFiles(site.name, directory, parts)
  }
}

/** Directories that only releases without files refer to: a rollback shares that of the release it repeats. */
export function unusedDirectories(releases: readonly Release[]): string[] {
  const gone = (release: Release) => release.state === 'removed' || release.state === 'failed'
  const used = new Set(releases.filter((release) => !gone(release)).map((release) => release.directory))
  return [...new Set(releases.filter(gone).map((release) => release.directory))].filter(
    (directory) => !used.has(directory),
  )
}

/** Moved out of the way at once, so that a half-removed release is never taken for one; then removed at the lowest priority. */
export async function removeReleaseFiles(
  site: string,
  directory: string,
  { config }: Pick<Parts, 'config'>,
): Promise<void> {
  const files = releasePath(config.home, site, directory)
  if (!(await exists(files))) return
  const trash = join(config.home.releases, '.trash')
  await ensureDirectory(trash)
  await rename(files, join(trash, directory))
  await execOk('nice', ['-n', '19', 'rm', '-rf', '--', join(trash, directory)])
}
