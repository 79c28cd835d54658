// Files that were refused room while they were written: kept as what is there of them, not committed, and told until they are whole or gone.
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/load.ts'
import { filesOpenForWriting } from '../lib/open-files.ts'
import { Rooted } from '../lib/rooted.ts'
import type { ActiveView } from './active-views.ts'
import { look, pathIn } from './park.ts'
import type { Seen } from './scan.ts'
import type { Session } from './session.ts'
import { type RefusedFor, writeState } from './state.ts'
import type { Refusal } from './types.ts'
import { isStorage, treeOf, type View } from './view.ts'

export interface NotedRefusal {
  readonly why: RefusedFor
  readonly inode: string
  readonly atMs: number
}

/** Notes it of the view that the file lies in. @returns what was noted; undefined: it is known, or gone */
export function noteRefusal(session: Session, { why, inode }: Refusal) {
  const file = session
    .pids()
    .flatMap(filesOpenForWriting)
    .find((one) => one.inode === inode)
  if (file === undefined) return undefined
  for (const active of session.views) {
    const path = pathIn(active.view.siteName, file.path)
    if (path === undefined) continue
    const isKnown = active.refused.has(path)
    const noted = { why: reasonFor(active, path, why), inode, atMs: Date.now() }
    active.refused.set(path, noted)
    active.told.delete(path)
    return isKnown ? undefined : { active, path, why: noted.why }
  }
  return undefined
}

function reasonFor({ view, isFull }: ActiveView, path: string, why: Refusal['why']): RefusedFor {
  if (why === 'no-space') return isStorage(view, path) ? 'storage-full' : 'disk-full'
  return isFull ? 'tree-full' : 'file-size'
}

/** With what is not settled yet: who is refused a file may come again before their last session has ended. */
export function withRefused({ view, refused }: ActiveView): View {
  const noted = Object.fromEntries([...refused].map(([path, { why }]) => [path, why]))
  return { ...view, state: { ...view.state, refused: { ...view.state.refused, ...noted } } }
}

/** To be called when nobody writes to them any more. @returns whether there is something new to tell */
export async function settleRefusals({ view, refused }: ActiveView, config: Config): Promise<boolean> {
  if (refused.size === 0) return false
  using root = Rooted.open(treeOf(view))
  const { state } = view
  const before = Object.keys(state.refused).length
  for (const [path, refusal] of refused) {
    if (isStorage(view, path)) {
      state.refused[path] = refusal.why
      continue
    }
    const found = look(root, path)
    if (found === undefined || !isStill(found, refusal, config)) continue
    state.parked[path] = found.signature
    state.refused[path] = refusal.why
  }
  refused.clear()
  await writeState(view.directory, state)
  return Object.keys(state.refused).length > before
}

const afterwardsMs = 2000

/** As it was refused, and not written anew since. */
function isStill(found: Seen, { why, inode, atMs }: NotedRefusal, config: Config): boolean {
  if (found.inode !== inode) return false
  if (why === 'file-size') return found.size >= config['max-release-mb'] * 1024 * 1024
  return found.changedAtMs <= atMs + afterwardsMs
}

/** Free again: what a file system keeps for itself, and a crumb, are none. */
const roomBytes = 1024 * 1024
const roomShare = 0.02

/** Forgets what was refused in storage once that has room again; nobody here may look at the files themselves. */
export async function forgetWhereRoom({ siteName, state }: View, { home }: Config): Promise<void> {
  if (!Object.values(state.refused).includes('storage-full')) return
  const { bavail, blocks, bsize } = await statfs(join(home.storage, siteName)).catch(() => noRoom)
  if (bavail * bsize < Math.max(roomBytes, blocks * bsize * roomShare)) return
  state.refused = Object.fromEntries(Object.entries(state.refused).filter(([, why]) => why !== 'storage-full'))
}

/** What is in storage cannot be looked at, to see whether it is still so: it is told until a session has gone by in which it was not tried again. */
export function tellOnce(view: View): Set<string> {
  const refused = Object.entries(view.state.refused)
  return new Set(refused.filter(([path, why]) => why !== 'storage-full' && isStorage(view, path)).map(([path]) => path))
}

/** When the last session leaves. */
export async function forgetTold({ view: { state, directory }, told }: ActiveView): Promise<void> {
  if (told.size === 0) return
  state.refused = Object.fromEntries(Object.entries(state.refused).filter(([path]) => !told.has(path)))
  await writeState(directory, state)
}

const noRoom = { bavail: 0, blocks: 0, bsize: 1 }
