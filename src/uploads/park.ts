// What a session was still writing when it ended: kept to be resumed, and not committed until it is touched again.
import { type OpenFile } from '../lib/open-files.ts'
import { openParent, Rooted } from '../lib/rooted.ts'
import { absent } from './difference.ts'
import { scanTree, seen } from './scan.ts'
import { writeState } from './state.ts'
import { isStorage, treeOf, type View } from './view.ts'

/** Where jails have the sites (jail/enter.c). */
const jailTree = '/tree/'

/** A path within a site, of a file that a jailed process has open. */
export function pathIn(site: string, path: string): string | undefined {
  const prefix = `${jailTree}${site}/`
  return path.startsWith(prefix) ? path.slice(prefix.length).replace(/ \(deleted\)$/, '') : undefined
}

/** To be called when the session's processes have ended: from then on the files stay as they are. */
export async function parkOpen(view: View, open: readonly OpenFile[], limits: { maxFiles: number }): Promise<void> {
  const within = open.flatMap((file) => {
    const path = pathIn(view.siteName, file.path)
    return path === undefined || isStorage(view, path) ? [] : [{ ...file, path }]
  })
  if (within.length === 0) return
  using root = Rooted.open(treeOf(view))
  const moved = within.filter(({ path, inode }) => {
    const found = look(root, path)
    if (found?.inode === inode) park(view, path, found.signature)
    return found?.inode !== inode
  })
  if (moved.length > 0) await parkMoved(view, moved, { root, ...limits })
  await writeState(view.directory, view.state)
}

/** `rsync --partial` gives what was cut off the name of the whole file before it ends. */
async function parkMoved(
  view: View,
  moved: readonly OpenFile[],
  { root, maxFiles }: { root: Rooted; maxFiles: number },
): Promise<void> {
  const { files } = await scanTree(root, view.storage, { maxFiles })
  for (const [path, { inode, bornNs, signature }] of files)
    if (moved.some((file) => file.inode === inode && file.bornNs === bornNs)) park(view, path, signature)
}

/** Cut off: kept, and not committed until it is touched again. */
export function park({ state }: View, path: string, signature: string): void {
  state.parked[path] = signature
  if (!state.cutOff.includes(path)) state.cutOff.push(path)
}

/** Forgets what was touched since, or is gone: who takes back what was kept gets the others' with the next session, and removes no more. */
export function unpark(view: View): void {
  const { state } = view
  using root = Rooted.open(treeOf(view))
  for (const [path, signature] of Object.entries(state.parked)) {
    const found = look(root, path)
    if (found?.signature === signature) continue
    if (found === undefined) state.stale[path] = absent
    state.parked = Object.fromEntries(Object.entries(state.parked).filter(([one]) => one !== path))
  }
  const isParked = (path: string) => state.parked[path] !== undefined
  state.cutOff = state.cutOff.filter(isParked)
  state.refused = Object.fromEntries(
    Object.entries(state.refused).filter(([path]) => isStorage(view, path) || isParked(path)),
  )
}

/** What stands against somebody else's change. */
export function keptOf({ parked, cutOff }: View['state']): string[] {
  return Object.keys(parked).filter((path) => !cutOff.includes(path))
}

export function look(root: Rooted, path: string): ReturnType<typeof seen> | undefined {
  const place = openParent(root, path)
  if (place === undefined) return undefined
  using parent = place.parent
  const stat = parent.stat(place.name)
  return stat && seen(stat)
}
