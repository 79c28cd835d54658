// What an account has changed in its view: the tree as it lies there, compared with the commit that it was made from.
import { listTree } from '../git/tree.ts'
import type { LfsObjects } from '../git/lfs/objects.ts'
import type { TreeLimits } from '../git/types.ts'
import { Rooted } from '../lib/rooted.ts'
import { type Base, type Held, openLargeFiles } from './large-files.ts'
import { objectOf } from './objects.ts'
import { foldersAbove, foldersOf } from './merge.ts'
import { type Scan, scanTree, type Seen } from './scan.ts'
import { isStorage, treeOf, type View } from './view.ts'

/** A file with what a commit is to hold of it. */
export interface Written extends Seen, Held {}

export interface Difference {
  /** By path (latin1); null: removed. */
  readonly changes: ReadonlyMap<string, Written | null>
  /** Files that are not complete: open, or being changed while they were read. */
  readonly pending: readonly string[]
  /** Changed while somebody else's change of them was not shown. */
  readonly late: ReadonlySet<string>
  readonly scan: Scan
  /** Of what is not set aside. */
  readonly bytes: number
}

interface Looking {
  readonly repository: string
  readonly limits: TreeLimits
  /** Inodes of files that somebody has open for writing. */
  readonly open: ReadonlySet<string>
  readonly lfs: Pick<LfsObjects, 'isUsed'>
  readonly signal?: AbortSignal
}

export async function findDifference(view: View, looking: Looking): Promise<Difference> {
  using root = Rooted.open(treeOf(view))
  const { limits, signal, repository, lfs } = looking
  const scan = await scanTree(root, view.storage, { maxFiles: limits.maxFiles, ...(signal && { signal }) })
  const base = await listBase(view, looking)
  await using large = await openLargeFiles({ repository, base, lfs, site: { id: view.siteId, name: view.siteName } })
  const changes = new Map<string, Written | null>()
  const pending: string[] = []
  let bytes = 0
  for (const [path, found] of scan.files) {
    if (isSetAside(view, path, found)) continue
    bytes += found.size
    const object = looking.open.has(found.inode)
      ? undefined
      : await objectOf(root, { path, found, cache: view.objects })
    const before = base.get(path)
    const held = object === undefined ? undefined : await large.heldAs(root, { path, found, object })
    if (held === undefined) pending.push(path)
    else if (before?.object !== held.object || before.mode !== found.mode) changes.set(path, { ...found, ...held })
    else if (held.object !== object) noteHeld(view, path, held)
  }
  for (const path of base.keys()) if (isRemoved(view, path, scan)) changes.set(path, null)
  const late = lateAmong(changes.keys(), view.state.stale)
  return { changes, pending, late, scan, bytes }
}

/** At, above or below a place where somebody else's change is not shown. */
function lateAmong(paths: Iterable<string>, stale: Readonly<Record<string, string>>): Set<string> {
  const places = Object.keys(stale)
  const above = foldersOf(places)
  const isLate = (path: string) =>
    stale[path] !== undefined || above.has(path) || foldersAbove(path).some((folder) => stale[folder] !== undefined)
  return places.length === 0 ? new Set() : new Set([...paths].filter(isLate))
}

/** A large file that is as its pointer says need not be hashed for it again. */
function noteHeld({ objects }: View, path: string, { object }: Held): void {
  const known = objects.get(path)
  if (known !== undefined) objects.set(path, { ...known, object })
}

export async function listBase(
  { state }: { state: Pick<View['state'], 'base'> },
  { repository, limits, signal }: Omit<Looking, 'open' | 'lfs'>,
): Promise<Base> {
  if (state.base === null) return new Map()
  const { files } = await listTree({ repository }, state.base, { ...limits, ...(signal && { signal }) })
  return new Map(files.map(({ path, mode, object, size }) => [path.toString('latin1'), { mode, object, size }]))
}

function isSetAside({ state }: View, path: string, { signature }: Seen): boolean {
  return state.stale[path] === signature || state.parked[path] === signature
}

function isRemoved(view: View, path: string, { files }: Scan): boolean {
  if (files.has(path) || isStorage(view, path)) return false
  const { hidden, stale } = view.state
  return !hidden.includes(path) && stale[path] !== absent
}

/** In place of a signature: where somebody else's file is not shown, nothing is. */
export const absent = 'absent'
/** In place of a signature: it is being written, so that what it will be is a change against theirs. */
export const beingWritten = 'being written'
