// Takes a commit that is in the repository already the way of a push: prepare, prove, the ref, switch.
import { repositoryPath } from '../config/home.ts'
import type { Config } from '../config/load.ts'
import type { Deployments } from '../deploy/types.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { moveRef } from '../git/move-ref.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'

interface Parts {
  readonly config: Config
  readonly deployments: Pick<Deployments, 'push'>
  readonly onStep?: (step: string) => void
}

interface Deploying {
  readonly site: Site
  readonly account: Account
  /** What the branch was; undefined: it was not there. */
  readonly head: string | undefined
  readonly commit: string
  readonly print: (line: string) => void
  /** Asked when all is proven: whether the account may still do this. */
  readonly mayStill: () => Promise<boolean>
}

/** @returns false when the branch has moved meanwhile: nothing was changed. @throws HostingError as a push does */
export async function deployCommit(
  { site, account, head, commit, print, mayStill }: Deploying,
  parts: Parts,
): Promise<boolean> {
  const repository = repositoryPath(parts.config.home, site.name)
  const ref = `refs/heads/${site.branch}`
  const hooks = parts.deployments.push(site, account, 'upload')
  const updates = [{ ref, from: head ?? '0'.repeat(commit.length), to: commit }]
  // No receive-pack waits for the verdict: process 0 is nobody.
  const received = { updates, objects: { repository }, gitPid: 0, print }
  try {
    await hooks.preReceive(received)
    if (!(await mayStill())) throw new HostingError('forbidden', `${account.name} may no longer change ${site.name}`)
    if (!(await moveRef(repository, { ref, from: head, to: commit }))) return false
    parts.onStep?.('sftp:moved')
    await hooks.postReceive(received)
    return true
  } finally {
    await hooks.end()
  }
}
