// Learns that something in a tree has changed: inotify(7) on each of its folders. Asked, not told: whoever waits for quiet looks now and then.
// One instance for all trees: a user has only 128 of them (fs.inotify.max_user_instances), and shares them with all it runs.
import { closeSync, readSync } from 'node:fs'
import { hasErrorCode } from '../files.ts'
import { createPace } from '../pace.ts'
import { mostDepth, Rooted } from '../rooted.ts'
import { addWatch, initInotify, removeWatch } from './libc.ts'

/** IN_NONBLOCK | IN_CLOEXEC */
const initFlags = 0o2004000
/** IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE; IN_ONLYDIR */
const mask = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x1000000
const ofFolder = 0x40000000
const hasArrived = 0x80 | 0x100
const hasGone = 0x40 | 0x200
const overflowed = 0x4000
/** IN_IGNORED: the folder is gone, and its watch. */
const ignored = 0x8000

export interface TreeWatch extends Disposable {
  /** Whether anything has changed since it was asked last. Nothing has once it is disposed of. */
  changed(): boolean
  /** Files and folders in the tree, as far as is known. */
  readonly entries: number
}

interface Watched {
  readonly path: string
  any: boolean
  /** Folders have come that are not watched yet. */
  folders: boolean
  /** The same, seen at the last look. */
  isBehind: boolean
  isWalking: boolean
  /** By performance.now(). */
  walkedAt: number
  /** The kernel has no more watches. */
  isPartial: boolean
  entries: number
  readonly watches: Set<number>
}

interface Instance {
  readonly fd: number
  readonly buffer: Buffer
  readonly trees: Set<Watched>
  readonly byWatch: Map<number, Watched>
}

let shared: Instance | undefined

/** Undefined: the kernel has no more watches for this user (fs.inotify.max_user_watches). */
export async function watchTree(path: string): Promise<TreeWatch | undefined> {
  const instance = shared ?? open()
  if (instance === undefined) return undefined
  const tree: Watched = {
    ...{ path, watches: new Set(), any: false, folders: false, isBehind: false, isPartial: false },
    ...{ isWalking: false, walkedAt: -Infinity, entries: 0 },
  }
  instance.trees.add(tree)
  try {
    await walk(instance, tree)
  } catch (error) {
    forget(instance, tree)
    throw error
  }
  if (tree.isPartial) {
    forget(instance, tree)
    return undefined
  }
  return {
    changed: () => instance.trees.has(tree) && look(instance, tree),
    get entries() {
      return tree.entries
    },
    [Symbol.dispose]: () => forget(instance, tree),
  }
}

/** So many folders are walked at once; where there are more, once no more of them come. */
const fewFolders = 1000
const walkAtLeastEveryMs = 5000

function look(instance: Instance, tree: Watched): boolean {
  drain(instance)
  const { any, folders } = tree
  tree.any = tree.folders = false
  tree.isBehind ||= folders
  const mayWait = folders && tree.watches.size > fewFolders && performance.now() - tree.walkedAt < walkAtLeastEveryMs
  // What happened in a new folder before it was watched is part of its making.
  if (tree.isBehind && !tree.isWalking && !mayWait) walk(instance, tree).catch(() => (tree.isPartial = true))
  return any || tree.isBehind || tree.isWalking || tree.isPartial
}

function open(): Instance | undefined {
  const fd = initInotify(initFlags)
  if (fd < 0) return undefined
  shared = { fd, buffer: Buffer.allocUnsafe(256 * 1024), trees: new Set(), byWatch: new Map() }
  return shared
}

function forget(instance: Instance, tree: Watched): void {
  if (!instance.trees.delete(tree)) return
  for (const watch of tree.watches) {
    instance.byWatch.delete(watch)
    removeWatch(instance.fd, watch)
  }
  if (instance.trees.size > 0) return
  closeSync(instance.fd)
  shared = undefined
}

async function walk(instance: Instance, tree: Watched): Promise<void> {
  tree.isBehind = false
  tree.isWalking = true
  try {
    const entries = await watchFolders(instance, tree)
    tree.isPartial = entries === undefined
    tree.entries = entries ?? tree.entries
  } finally {
    tree.isWalking = false
    tree.walkedAt = performance.now()
  }
}

/** @returns how many entries there are; undefined: not all of them are watched */
async function watchFolders(instance: Instance, tree: Watched): Promise<number | undefined> {
  const pace = createPace()
  let entries = 0
  const watch = async (folder: Rooted, depth: number): Promise<boolean> => {
    // Left meanwhile: the number of the instance may be another file's by now.
    if (!instance.trees.has(tree)) return false
    const descriptor = addWatch(instance.fd, `/proc/self/fd/${folder.fd}/.`, mask)
    if (descriptor < 0) return false
    tree.watches.add(descriptor)
    instance.byWatch.set(descriptor, tree)
    const inside = folder.entries()
    entries += inside.length
    if (depth === mostDepth) return true
    for (const { name, isFolder } of inside) {
      if (!isFolder) continue
      using inner = folder.directory(name)
      if (inner !== undefined && !(await watch(inner, depth + 1))) return false
      if (pace.due()) await pace.rest()
    }
    return true
  }
  using root = Rooted.open(tree.path)
  return (await watch(root, 0)) ? entries : undefined
}

/** inotify(7): { int wd; uint32_t mask, cookie, len; char name[len] } */
function drain({ fd, buffer, trees, byWatch }: Instance): void {
  for (let length = readNow(fd, buffer); length > 0; length = readNow(fd, buffer)) {
    for (let at = 0; at + 16 <= length; at += 16 + buffer.readUInt32LE(at + 12)) {
      const watch = buffer.readInt32LE(at)
      const what = buffer.readUInt32LE(at + 4)
      const tree = byWatch.get(watch)
      if ((what & overflowed) !== 0) for (const each of trees) each.any = each.folders = true
      if (tree === undefined) continue
      tree.any = true
      if ((what & hasArrived) !== 0) tree.entries += 1
      if ((what & hasGone) !== 0) tree.entries -= 1
      if ((what & ofFolder) !== 0 && (what & hasArrived) !== 0) tree.folders = true
      if ((what & ignored) === 0) continue
      byWatch.delete(watch)
      tree.watches.delete(watch)
    }
  }
}

function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if (hasErrorCode(error, 'EAGAIN')) return 0
    throw error
  }
}
