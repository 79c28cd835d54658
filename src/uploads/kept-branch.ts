// What was uploaded and is not live is kept on a branch, where Git has it, too.
import { HostingError } from '../errors/hosting-error.ts'
import { moveRef } from '../git/move-ref.ts'
import { findRef } from '../git/repository.ts'
import { branchSchema } from '../names/account-name.ts'
import { keptOf } from './park.ts'
import type { SiteOfView, View } from './view.ts'

interface Keeping {
  readonly repository: string
  readonly site: SiteOfView
  readonly commit: string
  readonly why: keyof View['state']['kept']
}

const mostKept = 50

/** One of its own: nothing that others have put anywhere is taken away for it, nor what was kept there of something else. */
export async function keepOnBranch(view: View, { repository, site, commit, why }: Keeping): Promise<string> {
  const own = view.state.kept[why]
  // Files that were kept in a conflict before are not in this one's commit.
  const mayReplace = why === 'refused' || keptOf(view.state).length === 0
  for (const branch of await namesFor(view, repository)) {
    if (branch === site.branch) continue
    const ref = `refs/heads/${branch}`
    const now = await findRef(repository, ref)
    if (now !== undefined && !(mayReplace && now === own)) continue
    // Fails also where a branch below it leaves no room.
    if (!(await moveRef(repository, { ref, from: now, to: commit }))) continue
    view.state.kept[why] = commit
    return branch
  }
  throw new HostingError('conflict', `There are too many branches that begin with sftp in ${site.name}`, {
    hint: 'Remove some: git push REMOTE --delete BRANCH',
  })
}

async function namesFor({ account: { name } }: View, repository: string): Promise<string[]> {
  const account = branchSchema.safeParse(name).success ? name : name.replaceAll('.', '+')
  // A branch that is called sftp leaves no room for one below it.
  const folder = (await findRef(repository, 'refs/heads/sftp')) === undefined ? 'sftp/' : 'sftp-'
  return Array.from({ length: mostKept }, (_, at) => `${folder}${account}${at === 0 ? '' : `-${at + 1}`}`)
}
