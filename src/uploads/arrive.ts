// Brings what others have changed into a view that is in use: by descriptors, each file whole or not at all, and never over what its uploader
// has changed since it was looked at.
import { closeSync, createReadStream, writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { ChangedPath } from '../git/changes.ts'
import type { LfsObjects, OwnerOfLarge } from '../git/lfs/objects.ts'
import { leastPointerBytes, mostPointerBytes, parsePointer } from '../git/lfs/pointer.ts'
import { type FoundObject, openObjects, type Objects } from '../git/objects.ts'
import { setRef } from '../git/move-ref.ts'
import { createId } from '../lib/id.ts'
import { openParent, Rooted } from '../lib/rooted.ts'
import { absent, beingWritten, type Difference } from './difference.ts'
import { seen } from './scan.ts'
import { writeState } from './state.ts'
import { isStorage, ownerOfUploads, refOf, treeOf, type View } from './view.ts'

interface NewBase {
  readonly repository: string
  readonly commit: string
  /** Of the view from its base. */
  readonly difference: Difference
  /** Of the commit from that base, as far as they are to be shown. */
  readonly theirs: readonly ChangedPath[]
  readonly lfs: Arrival['lfs']
}

/** The view is now made from `commit`: what others put into that is brought in. */
export async function arriveAt(view: View, { repository, commit, difference, theirs, lfs }: NewBase): Promise<void> {
  const { scan, pending, late } = difference
  const signatures = new Map([...scan.files].map(([path, { signature }]) => [path, signature]))
  const stale = await bringIn(view, { repository, theirs, signatures, busy: new Set(pending), lfs })
  const { state } = view
  const settled = new Set([...theirs.map(({ path }) => path.toString('latin1')), ...late])
  // Removed without a look at what it had become: it comes back with the next session.
  for (const path of late) if (difference.changes.get(path) === null) stale[path] = absent
  const former = Object.fromEntries(Object.entries(state.stale).filter(([path]) => !settled.has(path)))
  // A base that a force-push takes off the branch must stay: what is uploaded is found by comparing with it.
  await setRef(repository, refOf(view), commit)
  view.state = { ...state, base: commit, stale: { ...former, ...stale }, attempted: null }
  await writeState(view.directory, view.state)
}

interface Arrival {
  readonly repository: string
  readonly theirs: readonly ChangedPath[]
  /** As they were when the difference was taken: by path, what was there. */
  readonly signatures: ReadonlyMap<string, string>
  /** Paths that somebody writes to: theirs must not take the place of what is being written. */
  readonly busy: ReadonlySet<string>
  readonly lfs: Pick<LfsObjects, 'present' | 'pathOf'>
}

/** @returns paths that stay as they are in the view, by the signature of what was there */
async function bringIn(
  view: View,
  { repository, theirs, signatures, busy, lfs }: Arrival,
): Promise<Record<string, string>> {
  using root = Rooted.open(treeOf(view))
  await using objects = openObjects({ repository })
  const stale: Record<string, string> = {}
  const contentOf: ContentOf = (object) => contentIn(object, { id: view.siteId, name: view.siteName }, lfs)
  // Removals first: a folder may take the place of a file.
  const inOrder = [...theirs].sort((a, b) => Number(b.status === 'deleted') - Number(a.status === 'deleted'))
  for (const change of inOrder) {
    const path = change.path.toString('latin1')
    if (isStorage(view, path) || view.state.hidden.includes(path)) continue
    // Kept as it was uploaded, until that is done again.
    if (view.state.parked[path] !== undefined) continue
    if (busy.has(path)) {
      stale[path] = beingWritten
      continue
    }
    const arrived = await bringOne(root, change, { objects, contentOf, before: signatures.get(path) }).catch(
      () => false,
    )
    view.objects.delete(path)
    if (!arrived) stale[path] = signatures.get(path) ?? absent
  }
  return stale
}

type ContentOf = (object: FoundObject) => Promise<AsyncIterable<Buffer> | Iterable<Buffer>>

/** What a person is to see of it: of a pointer (Git LFS) the file that it stands for, as far as that is here. */
async function contentIn(object: FoundObject, site: OwnerOfLarge, lfs: Arrival['lfs']): ReturnType<ContentOf> {
  if (object.size < leastPointerBytes || object.size >= mostPointerBytes) return object.pieces()
  const content = await object.whole()
  const large = parsePointer(content)
  if (large === undefined || !(await lfs.present(site, [large])).has(large.oid)) return [content]
  const path = lfs.pathOf(site, large.oid)
  return (await stat(path)).size === large.size ? (createReadStream(path) as AsyncIterable<Buffer>) : [content]
}

interface Bringing {
  readonly objects: Objects
  readonly contentOf: ContentOf
  /** The signature of what is to be replaced; undefined: nothing was there. */
  readonly before: string | undefined
}

async function bringOne(root: Rooted, change: ChangedPath, bringing: Bringing): Promise<boolean> {
  const { before } = bringing
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
  try {
    await writeObject(parent, temporary, { ...bringing, change, owner })
    parent.rename(temporary, place.name)
  } catch (error) {
    // Half a file would be taken for one that was uploaded.
    parent.remove(temporary)
    throw error
  }
  return true
}

interface NewFile extends Bringing {
  readonly change: ChangedPath
  readonly owner: number | undefined
}

async function writeObject(
  parent: Rooted,
  name: string,
  { change, objects, contentOf, owner }: NewFile,
): Promise<void> {
  const object = await objects.find(change.object)
  if (object === undefined) throw new Error(`${change.object} is not there`)
  if (change.mode === '120000') {
    parent.makeLink(name, await object.whole(), owner)
    return
  }
  const fd = parent.makeFile(name, { mode: change.mode === '100755' ? 0o755 : 0o644, owner })
  try {
    for await (const piece of await contentOf(object))
      for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at)
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
