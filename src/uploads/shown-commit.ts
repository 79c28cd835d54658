// Which commit a view is made from.
import { repositoryPath } from '../config/home.ts'
import { findRef } from '../git/repository.ts'
import type { CommitParts } from './commit-view.ts'
import type { SiteOfView } from './view.ts'

/** What the deployed branch is. One that was chosen and is not there yet begins with what is live. */
export async function shownCommit(
  site: SiteOfView,
  parts: Pick<CommitParts, 'config' | 'store'>,
): Promise<string | undefined> {
  const head = await findRef(repositoryPath(parts.config.home, site.name), `refs/heads/${site.branch}`)
  return head ?? (await liveCommit(site, parts))
}

export async function liveCommit(
  { id }: Pick<SiteOfView, 'id'>,
  { store }: Pick<CommitParts, 'store'>,
): Promise<string | undefined> {
  const live = (await store.sites.findById(id))?.live_release_id ?? null
  return live === null ? undefined : (await store.releases.get(live)).commit
}
