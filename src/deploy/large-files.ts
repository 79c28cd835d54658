// Takes away large files (Git LFS) that nothing needs any more: neither a ref, nor a release that one may roll back to. Some time later: what a
// push has brought or asked for within a day stays, since it may be about to refer to it.
import { readdir } from 'node:fs/promises'
import { repositoryPath } from '../config/home.ts'
import { neededObjects } from '../git/lfs/needed.ts'
import { absentAsUndefined, exists } from '../lib/files.ts'
import type { Site } from '../store/sites.ts'
import type { Parts } from './parts.ts'

const graceMs = 24 * 3_600_000
const roundMs = 6 * 3_600_000

type Pruning = Pick<Parts, 'config' | 'store' | 'lfs' | 'clock' | 'log'>

/** Until the signal aborts. */
export async function watchLargeFiles(parts: Pruning, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Each that has ever had one: a crash may have left files that no row tells of.
    for (const name of (await absentAsUndefined(readdir(parts.config.home.lfs))) ?? []) {
      const site = await parts.store.sites.find(name)
      if (site === undefined) continue
      await pruneLargeFiles(site, parts, signal).catch((error: unknown) => {
        signal.throwIfAborted()
        parts.log.error({ err: error, site: site.name }, 'large files that nothing needs could not be removed')
      })
    }
    await parts.clock.sleep(roundMs, signal)
  }
}

/** @returns how many have gone */
export async function pruneLargeFiles(site: Site, parts: Pruning, signal: AbortSignal): Promise<number> {
  const { config, store, lfs, clock, log } = parts
  const since = new Date(clock.now().getTime() - graceMs)
  const repository = repositoryPath(config.home, site.name)
  const isLooked = (await store.lfsObjects.unwantedSince(site.id, since)).length > 0 && (await exists(repository))
  const needed = isLooked ? await neededObjects(repository, signal) : new Set<string>()
  const pruned = await lfs.prune(site, { needed, since, signal })
  if (pruned > 0) log.info({ site: site.name, pruned }, 'large files that nothing needs were removed')
  return pruned
}
