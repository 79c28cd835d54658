// Learns that something in a tree has changed: inotify(7) on each of its folders. Asked, not told: whoever waits for quiet looks now and then.
import { closeSync, readSync } from 'node:fs'
import { hasErrorCode } from '../files.ts'
import { Rooted } from '../rooted.ts'
import { addWatch, initInotify } from './libc.ts'

/** IN_NONBLOCK | IN_CLOEXEC */
const initFlags = 0o2004000
/** IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE; IN_ONLYDIR */
const mask = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x1000000
const isFolder = 0x40000000
const hasArrived = 0x80 | 0x100
const overflowed = 0x4000

export interface TreeWatch extends Disposable {
  /** Whether anything has changed since it was asked last. */
  changed(): boolean
}

/** Undefined: the kernel has no more watches for this user (fs.inotify.max_user_watches). */
export function watchTree(path: string, skip: ReadonlySet<string>): TreeWatch | undefined {
  const fd = initInotify(initFlags)
  if (fd < 0) return undefined
  const buffer = Buffer.allocUnsafe(256 * 1024)
  const watchAll = () => watchFolders(fd, { path, skip })
  if (!watchAll()) {
    closeSync(fd)
    return undefined
  }
  return {
    changed() {
      const { any, folders } = drain(fd, buffer)
      // What happened in a new folder before it was watched is part of its making.
      if (folders) watchAll()
      return any
    },
    [Symbol.dispose]: () => closeSync(fd),
  }
}

function watchFolders(fd: number, { path, skip }: { path: string; skip: ReadonlySet<string> }): boolean {
  const watch = (folder: Rooted, prefix: string): boolean => {
    if (addWatch(fd, `/proc/self/fd/${folder.fd}/.`, mask) < 0) return false
    for (const name of folder.folders()) {
      if (skip.has(prefix + name)) continue
      using inner = folder.directory(name)
      if (inner !== undefined && !watch(inner, `${prefix}${name}/`)) return false
    }
    return true
  }
  using root = Rooted.open(path)
  return watch(root, '')
}

/** inotify(7): { int wd; uint32_t mask, cookie, len; char name[len] } */
function drain(fd: number, buffer: Buffer): { any: boolean; folders: boolean } {
  const seen = { any: false, folders: false }
  for (let length = readNow(fd, buffer); length > 0; length = readNow(fd, buffer)) {
    seen.any = true
    for (let at = 0; at + 16 <= length; at += 16 + buffer.readUInt32LE(at + 12)) {
      const what = buffer.readUInt32LE(at + 4)
      if ((what & overflowed) !== 0 || ((what & isFolder) !== 0 && (what & hasArrived) !== 0)) seen.folders = true
    }
  }
  return seen
}

function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if (hasErrorCode(error, 'EAGAIN')) return 0
    throw error
  }
}
