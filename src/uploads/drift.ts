// What a site has changed by itself where the repository holds something, too: in its storage. Shown, and committed back as an upload is.
import { repositoryPath } from '../config/home.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { startGit } from '../git/git.ts'
import { findRef } from '../git/repository.ts'
import type { Rooted } from '../lib/rooted.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import { importFrom } from './commit-changes.ts'
import { type CommitParts, limitsOf } from './commit-view.ts'
import { roleOn } from './visible-sites.ts'
import { deployCommit } from './deploy-commit.ts'
import { listBase, type Written } from './difference.ts'
import { shown } from './message.ts'
import { Changing, objectOf } from './objects.ts'
import { type StoragePath, storageOf } from './prepare.ts'
import { type Base, type LargeFiles, openLargeFiles, storeLargeFiles } from './large-files.ts'
import { openStorage } from './site-storage.ts'
import { filesAt } from './scan.ts'

export interface Drift extends AsyncDisposable {
  /** By path (latin1); null: the site has removed it. */
  readonly changes: ReadonlyMap<string, Written | null>
  /** Those that the repository has. */
  readonly known: ReadonlySet<string>
  readonly head: string
  /** Changed while it was being looked at: what it is to be is not known. */
  readonly busy: readonly string[]
  /** Where it can be read, until this is disposed of. */
  readonly root: Rooted
}

type Parts = CommitParts & { readonly account: Account }

/** @throws HostingError too-large where more than can be committed would have to be looked at */
export async function findDrift(site: Site, parts: Parts): Promise<Drift | undefined> {
  const repository = repositoryPath(parts.config.home, site.name)
  const head = await findRef(repository, `refs/heads/${site.branch}`)
  const all = await storageOf(site, parts)
  if (head === undefined || all.length === 0) return undefined
  const base = await listBase({ state: { base: head } }, { repository, limits: limitsOf(parts.config) })
  const paths = all.filter((path) => !path.isFolder || heldAt(path, base).length > 0)
  await using opening = new AsyncDisposableStack()
  const { root } = opening.use(await openStorage(site, paths, parts))
  await using large = await openLargeFiles({ repository, base, lfs: parts.lfs, site })
  const changes = new Map<string, Written | null>()
  const busy: string[] = []
  for (const path of paths) await compare(root, path, { site, base, large, changes, busy, parts })
  const kept = opening.move()
  return { changes, busy, known: new Set(base.keys()), head, root, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** A folder that the repository holds nothing of is for uploads and caches; a single file is what an installer writes. */
function heldAt({ path }: StoragePath, base: Base): string[] {
  return [...base.keys()].filter((one) => one === path || one.startsWith(`${path}/`))
}

interface DriftCommit {
  readonly account: Account
  readonly message: string
  readonly print: (line: string) => void
}

/** @returns the commit. @throws HostingError what a push of it would be refused for */
export async function commitDrift(site: Site, drift: Drift, parts: CommitParts & DriftCommit): Promise<string> {
  const { account, print } = parts
  if (drift.busy.length > 0) throw isBusy(site, drift.busy.map(shown).join(', '))
  mustFit(site, drift, parts.config)
  await storeLargeFiles(drift.root, drift.changes, { site, lfs: parts.lfs }).catch(asBusy(site))
  const made = await makeCommit(site, drift, parts)
  const mayStill = async () => (await roleOn(site, account, parts.store)) === 'write'
  if (await deployCommit({ site, account, head: drift.head, commit: made, print, mayStill }, parts)) return made
  throw new HostingError('conflict', `${site.branch} of ${site.name} has moved meanwhile`, {
    hint: `drift ${site.name}`,
  })
}

/** Line by line, as `git diff` shows it: what the commit would be. Files that are no text, and long ones, are named only. */
export async function patchOf(
  site: Site,
  drift: Drift,
  parts: CommitParts & Pick<DriftCommit, 'account'>,
): Promise<string> {
  const isLong = (change: Written | null) => change !== null && change.large === undefined && change.size > mostOfPatch
  const shortOnes = [...drift.changes].filter(([, change]) => !isLong(change))
  const long = [...drift.changes]
    .filter(([, change]) => isLong(change))
    .map(([path]) => `${shown(path)}: too long to be shown`)
  const made = await makeCommit(site, { ...drift, changes: new Map(shortOnes) }, { ...parts, message: 'Drift' })
  const source = { repository: repositoryPath(parts.config.home, site.name) }
  const args = ['diff-tree', '-p', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames', drift.head, made]
  await using git = startGit(source, args)
  git.stdin.end()
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of git.stdout as AsyncIterable<Buffer>) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > mostOfPatch) return `${Buffer.concat(pieces).toString('utf8', 0, mostOfPatch)}\n… and more`
  }
  await git.done()
  return [Buffer.concat(pieces).toString('utf8').trimEnd(), ...long].join('\n')
}

const mostOfPatch = 1024 * 1024

async function makeCommit(site: Site, drift: Drift, parts: CommitParts & Omit<DriftCommit, 'print'>): Promise<string> {
  const { config, account, message } = parts
  const ref = `refs/hosting/drift/${site.id}-${account.id}`
  const repository = repositoryPath(config.home, site.name)
  const made = { repository, ref, parent: drift.head, account, message: `${message}\n`, changes: drift.changes }
  return await importFrom(drift.root, made, parts).catch(asBusy(site))
}

/** Before it is in the repository, where it would stay for weeks. */
function mustFit({ name }: Site, { changes }: Drift, config: CommitParts['config']): void {
  const bytes = [...changes.values()].reduce((sum, change) => sum + (change?.size ?? 0), 0)
  if (bytes <= limitsOf(config).maxTreeBytes) return
  throw new HostingError('too-large', `What ${name} has changed is more than ${config['max-release-mb']} MB`, {
    hint: `drift ${name}   shows what is large. What is no source belongs in a folder that the repository holds nothing of.`,
  })
}

function asBusy(site: Site): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof Changing)) throw error
    throw isBusy(site, 'a file that was to be committed', error)
  }
}

function isBusy({ name }: Site, what: string, cause?: unknown): HostingError {
  return new HostingError('busy', `${name} is writing to ${what}`, {
    hint: `drift:commit ${name}   once it is done. maintenance:on ${name}   keeps visitors away meanwhile.`,
    cause,
  })
}

interface Comparing {
  readonly site: Site
  readonly base: Base
  readonly large: LargeFiles
  readonly changes: Map<string, Written | null>
  readonly busy: string[]
  readonly parts: Pick<CommitParts, 'config'>
}

async function compare(root: Rooted, place: StoragePath, comparing: Comparing): Promise<void> {
  const { site, base, large, changes, busy, parts } = comparing
  const { path } = place
  const { maxFiles } = limitsOf(parts.config)
  const found = await filesAt(root, path, maxFiles)
  // What was not looked at any more would seem to be removed.
  if (found.size > maxFiles)
    throw new HostingError('too-large', `${shown(path)} of ${site.name} has more than ${maxFiles} files`, {
      hint: `storage ${site.name}   shows how much there is.`,
    })
  for (const [file, one] of found) {
    const object = await objectOf(root, { path: file, found: one, cache: new Map() })
    const before = base.get(file)
    const held = object === undefined ? undefined : await large.heldAs(root, { path: file, found: one, object })
    if (held === undefined) busy.push(file)
    else if (before?.object !== held.object || before.mode !== one.mode) changes.set(file, { ...one, ...held })
  }
  for (const file of heldAt(place, base)) if (!found.has(file)) changes.set(file, null)
}
