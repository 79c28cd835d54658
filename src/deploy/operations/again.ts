// A new release that shares the files of an earlier one: the same commit again, in fresh surroundings.
import { releasePath, repositoryPath } from '../../config/home.ts'
import { createId } from '../../lib/id.ts'
import type { Account } from '../../store/accounts.ts'
import type { Release } from '../../store/releases.ts'
import type { Site } from '../../store/sites.ts'
import { beginAttempt } from '../attempt.ts'
import type { Environment } from '../environment.ts'
import { instanceSpec, makeInstanceDirectory } from '../instances.ts'
import { readManifest } from '../manifest.ts'
import type { Attempt, Parts } from '../parts.ts'
import type { Print } from '../types.ts'

interface Again {
  readonly kind: Exclude<Attempt['kind'], 'push'>
  /** The release whose files it shares. */
  readonly of: Release
  readonly subject: string
  /** The number of the release that it repeats, if that is what it is about. */
  readonly rollbackOf: number | null
  readonly environment?: Environment
  readonly account: Account
  readonly print: Print
}

export async function beginAgain(site: Site, again: Again, parts: Parts): Promise<Attempt> {
  const { kind, of, subject, rollbackOf, environment, account, print } = again
  const { commit, directory, buildpack } = of
  const { image } = await readManifest(releasePath(parts.config.home, site.name, directory))
  const spec = await instanceSpec(site, { instanceId: createId(), directory, image, environment }, parts)
  await makeInstanceDirectory(parts.config.home, spec)
  const release = {
    id: createId(),
    commit,
    subject,
    directory,
    buildpack,
    account_id: account.id,
    rollback_of: rollbackOf,
  }
  const source = { repository: repositoryPath(parts.config.home, site.name) }
  const started = parts.runtime.start(spec)
  started.catch(() => undefined)
  const warm = { spec, started }
  const changed = environment === undefined ? {} : { environment }
  return await beginAttempt({ kind, site, release, warm, source, gitPid: null, print, ...changed }, parts)
}
