// The release before this one, as far as its files can be used again.
import { join } from 'node:path'
import { releasePath } from '../config/home.ts'
import type { PreviousRelease } from '../buildpacks/types.ts'
import { exists } from '../lib/files.ts'
import type { Site } from '../store/sites.ts'
import { readManifest } from './manifest.ts'
import type { Parts } from './parts.ts'

export interface LinkableRelease extends PreviousRelease {
  /** Where the commit's files are, as checked out; none when they are nowhere. */
  readonly commitDirectories: readonly string[]
}

export async function previousRelease(site: Site, { store, config }: Parts): Promise<LinkableRelease | undefined> {
  if (site.live_release_id === null) return undefined
  const release = await store.releases.get(site.live_release_id)
  const directory = releasePath(config.home, site.name, release.directory)
  const manifest = await readManifest(directory).catch(() => undefined)
  if (manifest === undefined) return undefined
  const commitDirectories = manifest.source === 'commit' ? await commitIn(directory) : []
  return { directory, commit: release.commit, commitDirectories }
}

/**
 * A build that put something else in the tree's place kept it as commit/; storage has put parts of it aside as seed/. That comes first: in tree/
 * those parts are links to what is something else on this machine than in an instance.
 */
async function commitIn(directory: string): Promise<string[]> {
  const commit = join(directory, 'commit')
  if (await exists(commit)) return [commit]
  const [seed, tree] = [join(directory, 'seed'), join(directory, 'tree')]
  return (await exists(seed)) ? [seed, tree] : [tree]
}
