// Two who changed the same site at once: what an account uploaded, and what became of the branch meanwhile. Pure.
import type { ChangedPath } from '../git/changes.ts'
import type { Written } from './difference.ts'

type Changes = ReadonlyMap<string, Written | null>

export interface Merge {
  /** To be put on top of the branch: without what it has already. */
  readonly ours: Changes
  /** To be brought into the view. */
  readonly theirs: readonly ChangedPath[]
  /** Paths of ours that the branch has changed otherwise, or where it has a folder for a file. */
  readonly conflicts: readonly string[]
}

/** @param late those of ours that were changed without a look at what somebody else had made of them */
export function mergeChanges(
  ours: Changes,
  theirs: readonly ChangedPath[],
  late: ReadonlySet<string> = new Set(),
): Merge {
  const byPath = new Map(theirs.map((change) => [change.path.toString('latin1'), change]))
  const kept = new Map<string, Written | null>()
  const conflicts: string[] = []
  const above = foldersOf(byPath.keys())
  const ownAbove = foldersOf(ours.keys())
  for (const [path, change] of ours) {
    const other = byPath.get(path)
    if (other !== undefined && isSame(change, other)) continue
    if (other !== undefined || late.has(path) || isInTheWay({ path, change, byPath, above })) conflicts.push(path)
    else kept.set(path, change)
  }
  // What was removed here and changed there comes back: it can be removed again.
  const mine = new Set(
    [...ours].filter(([path, change]) => change !== null || !conflicts.includes(path)).map(([path]) => path),
  )
  const arriving = theirs.filter(({ path, status }) => {
    const name = path.toString('latin1')
    return !mine.has(name) && (status === 'deleted' || !ownAbove.has(name))
  })
  return { ours: kept, theirs: arriving, conflicts }
}

function isSame(ours: Written | null, theirs: ChangedPath): boolean {
  if (ours === null) return theirs.status === 'deleted'
  return theirs.status !== 'deleted' && ours.object === theirs.object && ours.mode === theirs.mode
}

interface Way {
  readonly path: string
  readonly change: Written | null
  readonly byPath: ReadonlyMap<string, ChangedPath>
  readonly above: ReadonlySet<string>
}

/** A file of ours where they have put a folder, or below what they have made a file. */
function isInTheWay({ path, change, byPath, above }: Way): boolean {
  if (change === null) return false
  if (above.has(path)) return true
  return foldersAbove(path).some((folder) => {
    const other = byPath.get(folder)
    return other !== undefined && other.status !== 'deleted'
  })
}

export function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>()
  for (const path of paths) for (const folder of foldersAbove(path)) folders.add(folder)
  return folders
}

export function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) folders.push(path.slice(0, end))
  return folders
}
