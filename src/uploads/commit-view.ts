// One upload becomes one commit, on top of what the branch is by then, and goes the way of a push: prepare, prove, the ref, switch.
import { createHash } from 'node:crypto'
import { repositoryPath } from '../config/home.ts'
import type { Config } from '../config/load.ts'
import type { Storages } from '../data/storage/storages.ts'
import type { Deployments } from '../deploy/types.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { type ChangedPath, changedPaths } from '../git/changes.ts'
import type { LfsObjects } from '../git/lfs/objects.ts'
import { ensureRepository, findRef } from '../git/repository.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Jailer } from '../privileged/jail/jailer.ts'
import type { Store } from '../store/store.ts'
import { deployCommit } from './deploy-commit.ts'
import { arriveAt } from './arrive.ts'
import { type Changes, commitChanges } from './commit-changes.ts'
import { type Difference, findDifference } from './difference.ts'
import { mergeChanges, type Merge } from './merge.ts'
import { messageOf } from './message.ts'
import { keepOnBranch } from './kept-branch.ts'
import { liveCommit } from './shown-commit.ts'
import { writeState } from './state.ts'
import type { SiteOfView, View } from './view.ts'

export interface CommitParts {
  readonly config: Config
  readonly store: Store
  readonly deployments: Pick<Deployments, 'push'>
  readonly lfs: LfsObjects
  readonly storages: Pick<Storages, 'ensure'>
  readonly jailer: Jailer
  readonly clock: Clock
  readonly log: Log
  /** Tests kill the process here. */
  readonly onStep?: (step: string) => void
}

export interface Commit {
  readonly site: SiteOfView
  /** Inodes that somebody writes to. */
  readonly open: ReadonlySet<string>
  /** What the upload came by: SFTP, rsync, scp. */
  readonly program: string
  readonly message?: string
  readonly mayStill: () => Promise<boolean>
  readonly print: (line: string) => void
}

interface Rest {
  /** Not to be committed: `.git`, sockets. */
  readonly leftOut: readonly string[]
  /** Not complete. */
  readonly pending: readonly string[]
}

export type Outcome =
  | {
      readonly is: 'unchanged'
      readonly pending: readonly string[]
      /** But for what is kept aside the view is as the branch. */
      readonly isAsBranch: boolean
    }
  | ({ readonly is: 'live'; readonly commit: string; readonly files: number } & Rest)
  | { readonly is: 'refused'; readonly error: HostingError; readonly branch: string; readonly files: number }
  | {
      readonly is: 'conflict'
      readonly conflicts: readonly string[]
      readonly branch: string
      /** What became of the files that nobody else has changed. */
      readonly rest?: Outcome
    }
  | { readonly is: 'too-large'; readonly error: HostingError }

/** While the branch moves faster than uploads are proven, somebody else's go first. */
const mostTries = 5

export async function commitView(view: View, commit: Commit, parts: CommitParts): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    const outcome = await tryCommit(view, commit, parts).catch(asTooLarge)
    if (outcome !== 'moved' && outcome.is === 'conflict')
      return { ...outcome, rest: await commitView(view, commit, parts) }
    if (outcome !== 'moved') return outcome
    if (tries === mostTries)
      throw new HostingError('busy', `${commit.site.name} is deployed to faster than this upload can be`, {
        hint: 'It is kept, and tried again with the next change.',
      })
  }
}

/** Large files that there is no room for are refused where a tree is that is too large. */
function asTooLarge(error: unknown): Outcome {
  if (error instanceof HostingError && error.code === 'quota-exceeded') return { is: 'too-large', error }
  throw error
}

async function tryCommit(view: View, commit: Commit, parts: CommitParts): Promise<Outcome | 'moved'> {
  const { site } = commit
  const repository = repositoryPath(parts.config.home, site.name)
  await ensureRepository(repository, { branch: site.branch })
  const looking = { repository, limits: limitsOf(parts.config), open: commit.open, lfs: parts.lfs }
  const difference = await findDifference(view, looking)
  const tooLarge = excess(difference, parts.config)
  if (tooLarge !== undefined) return { is: 'too-large', error: tooLarge }
  const head = await findRef(repository, `refs/heads/${site.branch}`)
  const shown = head ?? (await liveCommit(site, parts))
  const theirs = await changesSince(view, { repository, head: shown })
  const merge = mergeChanges(difference.changes, theirs, difference.late)
  const work: Work = { view, commit, parts, repository, head, shown, difference, merge }
  if (merge.conflicts.length > 0) return await setAsideConflicts(work)
  if (merge.ours.size > 0) return await submit(work)
  if (shown !== undefined && shown !== view.state.base) await bringUpTo(work, shown)
  const { pending } = difference
  return { is: 'unchanged', pending, isAsBranch: pending.length === 0 }
}

interface Work {
  readonly view: View
  readonly commit: Commit
  readonly parts: CommitParts
  readonly repository: string
  /** Of the branch; undefined: it is not there yet. */
  readonly head: string | undefined
  /** What the view is to be made from; undefined: nothing was ever pushed. */
  readonly shown: string | undefined
  readonly difference: Difference
  readonly merge: Merge
}

export function limitsOf(config: Config) {
  return { maxFiles: config['max-files'], maxTreeBytes: config['max-release-mb'] * 1024 * 1024 }
}

function excess({ scan, bytes }: Difference, config: Config): HostingError | undefined {
  const { maxFiles, maxTreeBytes } = limitsOf(config)
  const what =
    scan.files.size > maxFiles
      ? `more than ${maxFiles} files`
      : bytes > maxTreeBytes
        ? `more than ${config['max-release-mb']} MB`
        : undefined
  return what === undefined
    ? undefined
    : new HostingError('too-large', `The uploaded tree has ${what}`, { hint: 'Remove what need not be published.' })
}

async function changesSince(
  { state }: View,
  { repository, head }: { repository: string; head: string | undefined },
): Promise<ChangedPath[]> {
  if (head === undefined || state.base === null || head === state.base)
    return await rootChanges(state.base, { repository, head })
  return await changedPaths({ repository }, { from: state.base, to: head })
}

/** The tree without anything in it, which Git knows without having it. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

async function rootChanges(
  base: string | null,
  { repository, head }: { repository: string; head: string | undefined },
): Promise<ChangedPath[]> {
  if (base !== null || head === undefined) return []
  return await changedPaths({ repository }, { from: emptyTree, to: head })
}

/** @returns 'moved' when the branch has moved meanwhile */
async function submit(work: Work): Promise<Outcome | 'moved'> {
  const { view, commit, parts, head, shown, difference, merge } = work
  const attempt = fingerprint(merge.ours, shown)
  // Who copies by a command asks for it to be tried, and is told what came of it.
  if (attempt === view.state.attempted && commit.program === 'SFTP')
    return { is: 'unchanged', pending: difference.pending, isAsBranch: false }
  const made = await makeCommit(work, { parent: shown, changes: merge.ours })
  if (made === undefined) return { is: 'unchanged', pending: [...merge.ours.keys()], isAsBranch: false }
  parts.onStep?.('sftp:committed')
  const site = await parts.store.sites.get(commit.site.id)
  try {
    const { print, mayStill } = commit
    const deploying = { site, account: view.account, head, commit: made, print, mayStill }
    if (!(await deployCommit(deploying, parts))) return 'moved'
  } catch (error) {
    return await refusedBy(error, { ...work, made, attempt })
  }
  await bringUpTo(work, made)
  parts.onStep?.('sftp:done')
  const { leftOut } = difference.scan
  return { is: 'live', commit: made, files: merge.ours.size, leftOut, pending: difference.pending }
}

async function refusedBy(thrown: unknown, work: Work & { made: string; attempt: string }): Promise<Outcome | 'moved'> {
  if (!(thrown instanceof HostingError)) throw thrown
  if (thrown.code === 'shutting-down' || thrown.code === 'forbidden') throw thrown
  const { view, commit, repository, head, made, attempt, merge } = work
  const now = await findRef(repository, `refs/heads/${commit.site.branch}`)
  if (now !== head) return 'moved'
  const branch = await keepOnBranch(view, { repository, site: commit.site, commit: made, why: 'refused' })
  view.state.attempted = attempt
  await writeState(view.directory, view.state)
  // A push prints why as it goes, and ends with a summary.
  const error = thrown.cause instanceof HostingError ? thrown.cause : thrown
  return { is: 'refused', error, branch, files: merge.ours.size }
}

/** What was uploaded against somebody else's change is kept on a branch; the rest of what they changed comes into the view. */
async function setAsideConflicts(work: Work): Promise<Outcome> {
  const { view, commit, repository, difference, merge, shown } = work
  const own = new Map(merge.conflicts.map((path) => [path, difference.changes.get(path) ?? null] as const))
  const made = await makeCommit(work, { parent: view.state.base ?? undefined, changes: own })
  if (made === undefined || shown === undefined) return { is: 'unchanged', pending: merge.conflicts, isAsBranch: false }
  const branch = await keepOnBranch(view, { repository, site: commit.site, commit: made, why: 'conflict' })
  for (const [path, change] of own) if (change !== null) view.state.parked[path] = change.signature
  await bringUpTo(work, shown)
  return { is: 'conflict', conflicts: merge.conflicts, branch }
}

async function bringUpTo({ view, parts, repository, difference, merge }: Work, commit: string): Promise<void> {
  await arriveAt(view, { repository, commit, difference, theirs: merge.theirs, lfs: parts.lfs })
}

async function makeCommit(
  { view, commit, parts, repository }: Work,
  { parent, changes }: { parent: string | undefined; changes: Changes },
): Promise<string | undefined> {
  const message = commit.message ?? messageOf([...changes.keys()], commit.program)
  return await commitChanges(view, { repository, site: commit.site, parent, changes, message }, parts)
}

function fingerprint(changes: Changes, head: string | undefined): string {
  const hash = createHash('sha256').update(head ?? '')
  for (const [path, change] of [...changes].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`\0${path}\0${change?.mode ?? ''}${change?.object ?? ''}`)
  return hash.digest('hex')
}
