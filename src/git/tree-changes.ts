// What differs between two commits, found by reading the trees on the way to it: no process, and an end to it even in a tree without one.
import { findCommit } from './commit.ts'
import type { Objects } from './objects.ts'
import { compareTrees, type ItemChange, type TreeItem } from './tree-object.ts'

/** Directories are among them when they are new or gone, not when something below them has changed. */
export interface TreeChange {
  readonly path: Buffer
  readonly before?: TreeItem
  readonly after?: TreeItem
}

interface Comparison {
  readonly from: string
  readonly to: string
  /** More than so many changes, or trees to look at, are for those to find who list everything. */
  readonly atMost: number
}

/** One of a folder of 100,000 files. */
const maxTreeBytes = 8 * 1024 * 1024

/** Undefined when it can't be said quickly: too much has changed, or one of the commits isn't there. */
export async function findChanges(
  objects: Objects,
  { from, to, atMost }: Comparison,
): Promise<TreeChange[] | undefined> {
  const [before, after] = [await rootOf(objects, from), await rootOf(objects, to)]
  if (before === undefined || after === undefined) return undefined
  const changes: TreeChange[] = []
  const pending: TreeChange[] = [{ path: Buffer.alloc(0), before, after }]
  let looked = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const items = await compareFolder(objects, next)
    looked += 1
    if (items === undefined || looked + pending.length + changes.length + items.length > atMost) return undefined
    for (const { name, ...item } of items) {
      const change = { ...item, path: below(next.path, name) }
      changes.push(...ownChanges(change))
      if (isFolder(change.before) || isFolder(change.after)) pending.push(change)
    }
  }
  return changes
}

async function rootOf(objects: Objects, commit: string): Promise<TreeItem | undefined> {
  const found = await findCommit(objects, commit)
  return found && { mode: folderMode, object: found.tree }
}

const folderMode = '040000'

export function isFolder(item: TreeItem | undefined): boolean {
  return item?.mode === folderMode
}

async function compareFolder(objects: Objects, { before, after }: TreeChange): Promise<ItemChange[] | undefined> {
  if (before?.object === after?.object) return []
  const [old, now] = [await readTree(objects, before), await readTree(objects, after)]
  const object = before?.object ?? after?.object
  if (old === undefined || now === undefined || object === undefined) return undefined
  return compareTrees(old, now, object.length / 2)
}

/** What is no folder holds nothing. */
async function readTree(objects: Objects, item: TreeItem | undefined): Promise<Buffer | undefined> {
  if (item === undefined || !isFolder(item)) return Buffer.alloc(0)
  const found = await objects.find(item.object)
  return found?.type === 'tree' && found.size <= maxTreeBytes ? await found.whole() : undefined
}

/** A folder that becomes a file, or a file that becomes one, are two changes. */
function ownChanges({ path, before, after }: TreeChange): TreeChange[] {
  if (isFolder(before) && isFolder(after)) return []
  if (!isFolder(before) && !isFolder(after)) return [{ path, ...(before && { before }), ...(after && { after }) }]
  return [...(before ? [{ path, before }] : []), ...(after ? [{ path, after }] : [])]
}

function below(folder: Buffer, name: Buffer): Buffer {
  return folder.length === 0 ? name : Buffer.concat([folder, Buffer.from('/'), name])
}
