// Makes an earlier release live again, as a new release that shares its files. The repository's branch stays where it is.
import { HostingError, toHostingError } from '../../errors/hosting-error.ts'
import type { Account } from '../../store/accounts.ts'
import type { Release } from '../../store/releases.ts'
import type { Site } from '../../store/sites.ts'
import { reasonOf, undoAttempt } from '../attempt.ts'
import { goLive, prove } from '../deploy.ts'
import type { Parts } from '../parts.ts'
import type { Print } from '../types.ts'
import { beginAgain } from './again.ts'

interface RollbackOptions {
  readonly number?: number
  readonly account: Account
  readonly print: Print
}

export async function rollback(site: Site, options: RollbackOptions, parts: Parts): Promise<Release> {
  const target = chooseTarget(await parts.store.releases.listOf(site.id), site, options.number)
  const { subject, number } = target
  const attempt = await beginAgain(
    site,
    { ...options, kind: 'rollback', of: target, subject, rollbackOf: number },
    parts,
  )
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
    throw noneBefore(site, kept)
  }
  const target = releases.find((release) => release.number === number)
  if (target === undefined) throw new HostingError('not-found', `${site.name} has no release ${number}`, { hint })
  if (target.state === 'retired') return target
  throw new HostingError('conflict', `Release ${number} of ${site.name} ${whyNot[target.state]}`, { hint })
}

/** Those before it may be there, and be the same: variables are no part of a release. */
function noneBefore(site: Site, kept: readonly Release[]): HostingError {
  if (kept.length === 0)
    return new HostingError('not-found', `${site.name} has no earlier release to go back to`, {
      hint: hintFor(site, kept),
    })
  return new HostingError('not-found', `${site.name} has no earlier release with other files`, {
    hint: `A rollback changes no variables: env:set does. releases ${site.name}   lists what there is.`,
  })
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
