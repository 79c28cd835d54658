// Which commit a view is made from.
import { repositoryPath } from '../config/home.ts'
import { findRef } from '../git/repository.ts'
import type { CommitParts } from './commit-view.ts'
import type { SiteOfView } from './view.ts'

/** What the deployed branch is. One that was chosen and is not there yet begins with what is live. */
export async function shownCommit(
  { id, name, branch }: SiteOfView,
  { config, store }: Pick<CommitParts, 'config' | 'store'>,
): Promise<string | undefined> {
  const head = await findRef(repositoryPath(config.home, name), `refs/heads/${branch}`)
  if (head !== undefined) return head
  const live = (await store.sites.findById(id))?.live_release_id ?? null
  return live === null ? undefined : (await store.releases.get(live)).commit
}
