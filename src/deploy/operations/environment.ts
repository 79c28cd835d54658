// Sets and unsets variables of a site. With something deployed this is a new release of the same commit: it is proven with the new values
// before they are written down, and they are written down in the transaction from which on the switch is owed.
import { HostingError, toHostingError } from '../../errors/hosting-error.ts'
import { checkEnvironment, checkVariableValue, parseVariableName } from '../../names/variable.ts'
import type { Account } from '../../store/accounts.ts'
import type { Release } from '../../store/releases.ts'
import type { Site } from '../../store/sites.ts'
import { reasonOf, undoAttempt } from '../attempt.ts'
import { goLive, prove } from '../deploy.ts'
import { changedNames, type Environment, environmentOf, storeEnvironment } from '../environment.ts'
import type { Attempt, Parts } from '../parts.ts'
import type { Print } from '../types.ts'
import { beginAgain } from './again.ts'

export interface EnvironmentChange {
  readonly set?: Environment
  readonly unset?: readonly string[]
  readonly account: Account
  readonly print: Print
}

export interface ChangedEnvironment {
  /** Names, sorted; empty when everything was so already. */
  readonly changed: readonly string[]
  /** Missing when nothing has been deployed, or nothing was changed. */
  readonly release?: Release
}

/** @throws HostingError invalid-name, usage, too-large, not-found for a name that is not set, and what proving throws; then nothing is changed */
export async function changeEnvironment(
  site: Site,
  change: EnvironmentChange,
  parts: Parts,
): Promise<ChangedEnvironment> {
  const before = await environmentOf(site, parts)
  const after = applyChange(site, before, change)
  const changed = changedNames(before, after)
  if (changed.length === 0) return { changed }
  if (site.live_release_id === null) {
    await parts.store.transaction((store) => storeEnvironment(site, after, { ...parts, store }))
    return { changed }
  }
  const of = await parts.store.releases.get(site.live_release_id)
  const subject = subjectOf(change, changed)
  const attempt = await beginAgain(
    site,
    { ...change, kind: 'environment', of, subject, rollbackOf: null, environment: after },
    parts,
  )
  attempt.print(`Release ${attempt.release.number} of ${site.name}: ${of.commit.slice(0, 7)} again, with ${subject}`)
  await release(attempt, { before, after }, parts)
  return { changed, release: await parts.store.releases.get(attempt.release.id) }
}

/** Pure. */
function applyChange(site: Site, before: Environment, { set = {}, unset = [] }: EnvironmentChange): Environment {
  const after: Record<string, string> = { ...before }
  for (const name of unset) {
    if (after[name] === undefined) throw notSet(site, name)
    Reflect.deleteProperty(after, name)
  }
  for (const [name, value] of Object.entries(set)) {
    checkVariableValue(parseVariableName(name), value)
    after[name] = value
  }
  checkEnvironment(after)
  return after
}

async function release(
  attempt: Attempt,
  { before, after }: { before: Environment; after: Environment },
  parts: Parts,
): Promise<void> {
  const { site, jobId } = attempt
  const write = (environment: Environment, step: 'begun' | 'switch') =>
    parts.store.transaction(async (store) => {
      await storeEnvironment(site, environment, { ...parts, store })
      await store.jobs.update(jobId, { step })
    })
  try {
    await prove(attempt, parts)
    await write(after, 'switch')
    await goLive(attempt, parts)
  } catch (thrown) {
    const error = toHostingError(thrown, (reference, cause) =>
      parts.log.error({ reference, err: cause, site: site.name }, 'a change of variables failed'),
    )
    await write(before, 'begun')
    await undoAttempt(attempt, reasonOf(error), parts)
    throw error
  }
}

/** What the list of releases shows: names only. */
function subjectOf({ set = {} }: EnvironmentChange, changed: readonly string[]): string {
  return `${Object.keys(set).length > 0 ? 'env:set' : 'env:unset'} ${changed.join(', ')}`
}

function notSet(site: Site, name: string): HostingError {
  return new HostingError('not-found', `${site.name} has no variable ${name.slice(0, 80)}`, {
    hint: `env ${site.name}   lists them.`,
  })
}
