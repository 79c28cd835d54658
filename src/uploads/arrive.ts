// Brings what others have changed into a view that is in use: by descriptors, each file whole or not at all, and never over what its uploader
// has changed since it was looked at.
import { closeSync, writeSync } from 'node:fs'
import type { ChangedPath } from '../git/changes.ts'
import { openObjects, type Objects } from '../git/objects.ts'
import { createId } from '../lib/id.ts'
import { openParent, Rooted } from '../lib/rooted.ts'
import { seen } from './scan.ts'
import { isStorage, ownerOfUploads, treeOf, type View } from './view.ts'

interface Arrival {
  readonly repository: string
  readonly theirs: readonly ChangedPath[]
  /** As they were when the difference was taken: by path, what was there. */
  readonly signatures: ReadonlyMap<string, string>
}

/** @returns paths that stay as they are in the view */
export async function bringIn(view: View, { repository, theirs, signatures }: Arrival): Promise<string[]> {
  using root = Rooted.open(treeOf(view))
  await using objects = openObjects({ repository })
  const stale: string[] = []
  // Removals first: a folder may take the place of a file.
  const inOrder = [...theirs].sort((a, b) => Number(b.status === 'deleted') - Number(a.status === 'deleted'))
  for (const change of inOrder) {
    const path = change.path.toString('latin1')
    if (isStorage(view, path) || view.state.hidden.includes(path)) continue
    const arrived = await bringOne(root, change, { objects, before: signatures.get(path) }).catch(() => false)
    view.objects.delete(path)
    if (!arrived) stale.push(path)
  }
  return stale
}

interface Bringing {
  readonly objects: Objects
  /** The signature of what is to be replaced; undefined: nothing was there. */
  readonly before: string | undefined
}

async function bringOne(root: Rooted, change: ChangedPath, { objects, before }: Bringing): Promise<boolean> {
  const owner = ownerOfUploads()
  const place = openParent(root, change.path.toString('latin1'), { make: change.status !== 'deleted', owner })
  if (place === undefined) return change.status === 'deleted'
  using parent = place.parent
  const found = parent.stat(place.name)
  if ((found && (found.isDirectory() ? 'folder' : seen(found).signature)) !== before) return false
  if (change.status === 'deleted') {
    parent.remove(place.name)
    removeEmptyAbove(root, change.path.toString('latin1'))
    return true
  }
  const temporary = `.hosting-${createId()}`
  await writeObject(parent, temporary, { change, objects, owner })
  parent.rename(temporary, place.name)
  return true
}

interface NewFile {
  readonly change: ChangedPath
  readonly objects: Objects
  readonly owner: number | undefined
}

async function writeObject(parent: Rooted, name: string, { change, objects, owner }: NewFile): Promise<void> {
  const object = await objects.find(change.object)
  if (object === undefined) throw new Error(`${change.object} is not there`)
  if (change.mode === '120000') {
    parent.makeLink(name, await object.whole(), owner)
    return
  }
  const fd = parent.makeFile(name, { mode: change.mode === '100755' ? 0o755 : 0o644, owner })
  try {
    for await (const piece of object.pieces()) for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at)
  } finally {
    closeSync(fd)
  }
}

/** Git has no empty folders. */
function removeEmptyAbove(root: Rooted, path: string): void {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const place = openParent(root, path.slice(0, end))
    if (place === undefined) return
    using parent = place.parent
    parent.removeDirectory(place.name)
  }
}
