// Makes an earlier release live again, as a new release that shares its files. The repository's branch stays where it is.
import { releasePath, repositoryPath } from '../../config/home.ts'
import { HostingError, toHostingError } from '../../errors/hosting-error.ts'
import { createId } from '../../lib/id.ts'
import type { Account } from '../../store/accounts.ts'
import type { Release } from '../../store/releases.ts'
import type { Site } from '../../store/sites.ts'
import { beginAttempt, reasonOf, undoAttempt } from '../attempt.ts'
import { goLive, prove } from '../deploy.ts'
import { instanceSpec, makeInstanceDirectory } from '../instances.ts'
import { readManifest } from '../manifest.ts'
import type { Attempt, Parts } from '../parts.ts'
import type { Print } from '../types.ts'

interface RollbackOptions {
  readonly number?: number
  readonly account: Account
  readonly print: Print
}

export async function rollback(site: Site, options: RollbackOptions, parts: Parts): Promise<Release> {
  const target = chooseTarget(await parts.store.releases.listOf(site.id), site, options.number)
  const attempt = await begin(site, { ...options, target }, parts)
  attempt.print(
    `Rolling ${site.name} back to release ${target.number} (${target.commit.slice(0, 7)} "${target.subject}") as release ${attempt.release.number}`,
  )
  try {
    await prove(attempt, parts)
    await goLive(attempt, parts)
  } catch (thrown) {
    const error = toHostingError(thrown, (reference, cause) =>
      parts.log.error({ reference, err: cause, site: site.name }, 'a rollback failed'),
    )
    await undoAttempt(attempt, reasonOf(error), parts)
    throw error
  }
  return await parts.store.releases.get(attempt.release.id)
}

/** @throws HostingError not-found or conflict, with what can be chosen */
export function chooseTarget(releases: readonly Release[], site: Site, number: number | undefined): Release {
  const kept = releases.filter((release) => release.state === 'retired')
  const hint = hintFor(site, kept)
  const live = releases.find((release) => release.id === site.live_release_id)
  if (number === undefined) {
    // A second rollback goes further back, not to the release that the first one left.
    const before = live?.rollback_of ?? live?.number ?? 0
    const target = kept.find((release) => release.number < before && release.directory !== live?.directory)
    if (target !== undefined) return target
    throw new HostingError('not-found', `${site.name} has no earlier release to go back to`, { hint })
  }
  const target = releases.find((release) => release.number === number)
  if (target === undefined) throw new HostingError('not-found', `${site.name} has no release ${number}`, { hint })
  if (target.state === 'retired') return target
  throw new HostingError('conflict', `Release ${number} of ${site.name} ${whyNot[target.state]}`, { hint })
}

const whyNot: Record<Exclude<Release['state'], 'retired'>, string> = {
  live: 'is the live one',
  failed: 'has never been live',
  removed: 'is no longer kept',
  preparing: 'is still being prepared',
  proven: 'is still being prepared',
}

function hintFor(site: Site, kept: readonly Release[]): string {
  if (kept.length === 0) return 'A release is kept to go back to once a newer one is live: git push first.'
  return `You can go back to ${kept.map((release) => release.number).join(', ')}; releases ${site.name} tells more.`
}

async function begin(
  site: Site,
  { target, account, print }: RollbackOptions & { target: Release },
  parts: Parts,
): Promise<Attempt> {
  const { image } = await readManifest(releasePath(parts.config.home, site.name, target.directory))
  const spec = await instanceSpec(site, { instanceId: createId(), directory: target.directory, image }, parts)
  await makeInstanceDirectory(parts.config.home, spec)
  const { commit, subject, directory, buildpack } = target
  const release = {
    id: createId(),
    commit,
    subject,
    directory,
    buildpack,
    account_id: account.id,
    rollback_of: target.number,
  }
  const objects = { repository: repositoryPath(parts.config.home, site.name) }
  const started = parts.runtime.start(spec)
  started.catch(() => undefined)
  return await beginAttempt(
    { kind: 'rollback', site, release, warm: { spec, started }, objects, gitPid: null, print },
    parts,
  )
}
