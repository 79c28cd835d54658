// Makes a view's tree anew from a commit: while nobody is in it, and beside the old one, which goes when the new one is whole.
import { lchownSync, readdirSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { exportTree } from '../git/export.ts'
import { fillPointers } from '../git/lfs/fill.ts'
import type { LfsObjects, OwnerOfLarge } from '../git/lfs/objects.ts'
import { setRef } from '../git/move-ref.ts'
import { createPace } from '../lib/pace.ts'
import type { TreeLimits } from '../git/types.ts'
import { createId } from '../lib/id.ts'
import { ensureDirectory, removeTree } from '../lib/files.ts'
import { Rooted } from '../lib/rooted.ts'
import { listBase } from './difference.ts'
import { scanTree } from './scan.ts'
import { freshState, writeState } from './state.ts'
import { ownerOfUploads, refOf, treeOf, type View } from './view.ts'

interface Wanted {
  readonly repository: string
  /** Undefined: nothing was pushed yet. */
  readonly commit: string | undefined
  readonly limits: TreeLimits
  readonly lfs: LfsObjects
  readonly signal?: AbortSignal
}

export async function checkOutView(view: View, wanted: Wanted): Promise<void> {
  const { directory } = view
  await ensureDirectory(directory, 0o711)
  await removeLeftovers(directory)
  const beside = join(directory, `next-${createId()}`)
  const next = join(beside, 'tree')
  await exportInto(next, wanted)
  await fillIn(next, { id: view.siteId, name: view.siteName }, wanted)
  const owner = ownerOfUploads()
  if (owner !== undefined) await giveTree(Buffer.from(next), owner)
  const base = wanted.commit ?? null
  view.state = { ...freshState(base, []), notices: view.state.notices, kept: view.state.kept }
  if (wanted.commit !== undefined) await setRef(wanted.repository, refOf(view), wanted.commit)
  view.state.hidden = await learnTree(view, next, wanted)
  // The state goes first: a new one beside the old tree would take the old tree for changes.
  const former = join(directory, `former-${createId()}`)
  await rename(treeOf(view), former).catch(() => undefined)
  await writeState(directory, view.state)
  await rename(next, treeOf(view))
  await removeTree(beside)
  await removeTree(former)
}

async function exportInto(into: string, { repository, commit, limits, signal }: Wanted): Promise<void> {
  if (commit === undefined) await mkdir(into, { recursive: true, mode: 0o755 })
  else await exportTree({ source: { repository }, commit, into, limits, ...(signal && { signal }) })
}

/** People who work with files see large ones, and not what Git holds of them. One that is missing must not keep them from the others. */
async function fillIn(tree: string, site: OwnerOfLarge, { lfs, limits, signal }: Wanted): Promise<void> {
  if (!(await lfs.isUsed(site))) return
  await fillPointers({
    ...{ tree, paths: undefined, lenient: true, maxBytes: limits.maxTreeBytes },
    ...{ pathOf: (oid) => lfs.pathOf(site, oid), signal: signal ?? new AbortController().signal },
  })
}

/** Of a crash: with a former tree and no tree, that was between the two renames. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of readdirSync(directory))
    if (/^(next|former|watch)-/.test(name)) await removeTree(join(directory, name))
}

/** Nobody but this process knows of the tree yet. */
async function giveTree(tree: Buffer, owner: number): Promise<void> {
  const pace = createPace()
  const give = async (directory: Buffer): Promise<void> => {
    lchownSync(directory, owner, owner)
    for (const entry of readdirSync(directory, { withFileTypes: true, encoding: 'buffer' })) {
      const path = Buffer.concat([directory, Buffer.from('/'), entry.name])
      if (entry.isDirectory()) await give(path)
      else lchownSync(path, owner, owner)
      if (pace.due()) await pace.rest()
    }
  }
  await give(tree)
}

/** Notes which object each file is, so that it need not be hashed. @returns what of the commit is not in the tree */
async function learnTree(view: View, tree: string, wanted: Wanted): Promise<string[]> {
  using root = Rooted.open(tree)
  const { files } = await scanTree(root, new Set(), { maxFiles: wanted.limits.maxFiles })
  const base = await listBase(view, wanted)
  view.objects.clear()
  for (const [path, { signature, mode }] of files) {
    const entry = base.get(path)
    if (entry?.mode === mode) view.objects.set(path, { signature, object: entry.object })
  }
  return [...base.keys()].filter((path) => !files.has(path))
}
