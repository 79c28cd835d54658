// Keeps the releases one may roll back to and gives up the others: their rows say `removed`, their files go later and slowly.
import { join } from 'node:path'
import { forgetRelease, keepRelease } from '../../git/release-refs.ts'
import { collectGarbage } from '../../git/housekeeping.ts'
import { repositoryPath, siteLogPath } from '../../config/home.ts'
import type { Release } from '../../store/releases.ts'
import type { Site } from '../../store/sites.ts'
import { pruneBuildLogs } from '../build-log.ts'
import type { Parts } from '../parts.ts'
import { removeUnusedReleases } from '../release-files.ts'

/** Each push leaves some loose objects; a fetch is slower with thousands of them. */
const releasesPerGc = 20

export async function retireReleases(site: Site, parts: Parts): Promise<void> {
  const { store, config } = parts
  const repository = repositoryPath(config.home, site.name)
  const releases = await store.releases.listOf(site.id)
  const live = releases.find((release) => release.state === 'live')
  if (live !== undefined) await keepRelease(repository, live.number, live.commit)
  for (const release of surplus(releases, config['keep-releases'])) {
    await store.releases.update(release.id, { state: 'removed' })
    await forgetRelease(repository, release.number)
  }
  await pruneBuildLogs(join(siteLogPath(config.home, site.name), 'build'))
  await removeUnusedReleases(site, parts)
  if (live !== undefined && live.number % releasesPerGc === 0) await collectGarbage(repository, parts.background.signal)
}

/**
 * Which retired releases are beyond the number to keep; the live one counts as one. Those that share their files (a rollback and what
 * it repeats) count once, so that going back and forth gives nothing up.
 * @param releases newest first
 */
export function surplus(releases: readonly Release[], keep: number): Release[] {
  const retired = releases.filter(({ state }) => state === 'retired')
  const live = releases.filter(({ state }) => state === 'live')
  const directories = [...new Set([...live, ...retired].map(({ directory }) => directory))]
  const beyond = new Set(directories.slice(keep))
  return retired.filter(({ directory }) => beyond.has(directory))
}
