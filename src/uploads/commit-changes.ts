// One commit of what was changed in a tree that its uploader may be changing still: read by descriptors, as it was when it was looked at.
import type { Config } from '../config/load.ts'
import { importChanges, type ImportedFile } from '../git/import-changes.ts'
import type { LfsObjects } from '../git/lfs/objects.ts'
import type { Clock } from '../lib/clock.ts'
import { Rooted } from '../lib/rooted.ts'
import type { Account } from '../store/accounts.ts'
import type { Written } from './difference.ts'
import { storeLargeFiles } from './large-files.ts'
import { Changing, readSeen, targetOf } from './objects.ts'
import { refOf, type SiteOfView, treeOf, type View } from './view.ts'

/** By path (latin1); null: removed. */
export type Changes = ReadonlyMap<string, Written | null>

interface NewCommit {
  readonly repository: string
  readonly site: SiteOfView
  readonly parent: string | undefined
  readonly changes: Changes
  readonly message: string
}

interface Parts {
  readonly config: Config
  readonly lfs: LfsObjects
  readonly clock: Clock
}

/** Undefined: a file is being changed. */
export async function commitChanges(
  view: View,
  { repository, site, parent, changes, message }: NewCommit,
  { config, lfs, clock }: Parts,
): Promise<string | undefined> {
  using root = Rooted.open(treeOf(view))
  try {
    await storeLargeFiles(root, changes, { site, lfs })
    const made = { repository, ref: refOf(view), parent, account: view.account, message, changes }
    return await importFrom(root, made, { config, clock })
  } catch (error) {
    if (error instanceof Changing) return undefined
    throw error
  }
}

interface Made extends Pick<NewCommit, 'repository' | 'parent' | 'changes' | 'message'> {
  readonly ref: string
  readonly account: Account
}

/** @throws Changing when a file is not any more as it was looked at */
export async function importFrom(
  root: Rooted,
  { account, changes, ...commit }: Made,
  { config, clock }: Pick<Parts, 'config' | 'clock'>,
): Promise<string> {
  return await importChanges({
    ...commit,
    author: { name: account.name, mail: account.mail ?? `${account.name}@${config['base-domain']}` },
    date: clock.now(),
    removed: [...changes].filter(([, change]) => change === null).map(([path]) => path),
    written: writtenFiles(root, changes),
  })
}

/** What is to be read from a tree when its turn comes. */
function* writtenFiles(root: Rooted, changes: Changes): Generator<readonly [string, ImportedFile]> {
  for (const [path, change] of changes) {
    if (change === null) continue
    yield [path, importedFile(root, path, change)]
  }
}

function importedFile(root: Rooted, path: string, change: Written): ImportedFile {
  const { mode, kind, size, large } = change
  if (large !== undefined) return { mode, size: large.pointer.length, pieces: () => [large.pointer] }
  if (kind === 'link') return { mode, size, pieces: () => [linkTarget(root, path, change)] }
  return { mode, size, pieces: () => readSeen(root, path, change) }
}

function linkTarget(root: Rooted, path: string, { size }: Written): Buffer {
  const target = targetOf(root, path)
  if (target?.length !== size) throw new Changing(path)
  return target
}
