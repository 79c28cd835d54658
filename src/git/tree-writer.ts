// Writes directories, files and symbolic links below one fresh directory. Every file is made anew (`wx`): a hard link to an older release's
// file is never opened for writing. Symbolic links come last, so that nothing is ever written through one.
import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import type { TreeEntry } from './types.ts'

/** Larger blobs are not held in memory, and their writing leaves the event loop free. */
export const maxWholeBytes = 256 * 1024

export interface TreeWriter {
  directory(path: Buffer): void
  /** Hard-links an unchanged file of the previous release. False when it isn't there as it should be: then it has to be written. */
  link(entry: TreeEntry): boolean
  file(entry: TreeEntry, content: Buffer): void
  largeFile(entry: TreeEntry, pieces: AsyncIterable<Buffer>): Promise<void>
  symlink(entry: TreeEntry, target: Buffer): void
}

interface Place {
  readonly into: string
  /** Where an older release that this one follows has its files: they are linked, and a changed file gets a later mtime than its predecessor. */
  readonly previous: readonly string[]
  readonly now: Date
}

/** Makes `into`, whose parent must be there. */
export function treeWriter(place: Place): TreeWriter {
  return writerInto(place, { masked: makeRoot(place.into) })
}

/** Writes into a directory that is there already. */
export function writerInto({ into, previous, now: date }: Place, { masked } = { masked: true }): TreeWriter {
  const place = below(into)
  const before = previous.map(below)
  const now = Math.floor(date.getTime() / 1000)
  const mtimeOf = (entry: TreeEntry) => Math.max(now, ...before.map((from) => laterThan(from(entry.path), now)))
  return {
    directory: (path) => {
      mkdirSync(place(path), 0o755)
      if (masked) chmodSync(place(path), 0o755)
    },
    link: (entry) => before.some((from) => linkFile(entry, from(entry.path), place(entry.path))),
    file: (entry, content) => {
      const file = openSync(place(entry.path), 'wx', permissionsOf(entry))
      try {
        writeAll(file, content)
        if (masked) fchmodSync(file, permissionsOf(entry))
        const mtime = mtimeOf(entry)
        futimesSync(file, mtime, mtime)
      } finally {
        closeSync(file)
      }
    },
    largeFile: async (entry, pieces) => {
      await using file = await open(place(entry.path), 'wx')
      for await (const piece of pieces) await file.writeFile(piece)
      await file.chmod(permissionsOf(entry))
      const mtime = mtimeOf(entry)
      await file.utimes(mtime, mtime)
    },
    symlink: (entry, target) => symlinkSync(target, place(entry.path)),
  }
}

/** @returns whether the umask takes permissions away. It must not decide what nginx may read, but a chmod for each file is a fifth of its cost. */
function makeRoot(into: string): boolean {
  mkdirSync(into, 0o755)
  const masked = (lstatSync(into).mode & 0o777) !== 0o755
  if (masked) chmodSync(into, 0o755)
  return masked
}

function below(directory: string): (path: Buffer) => Buffer {
  const prefix = Buffer.from(`${directory}/`)
  return (path) => Buffer.concat([prefix, path])
}

function permissionsOf({ mode }: TreeEntry): number {
  return (Number.parseInt(mode, 8) & 0o100) === 0 ? 0o644 : 0o755
}

/** A size that differs tells of a power cut: content that never reached the disk. */
function linkFile({ size }: TreeEntry, from: Buffer, to: Buffer): boolean {
  try {
    const found = lstatSync(from, { throwIfNoEntry: false })
    if (!found?.isFile() || found.size !== size) return false
    linkSync(from, to)
    return true
  } catch {
    // Too many links (EMLINK), another file system (EXDEV), a broken disk: the repository has the file, too.
    return false
  }
}

function writeAll(file: number, content: Buffer): void {
  for (let written = 0; written < content.length; ) written += writeSync(file, content, written)
}

/**
 * nginx makes ETag and Last-Modified of mtime (in seconds) and size: two contents of one path must never share both.
 * The time of the export and not of the commit: a pusher chooses commits' dates, and they may go backwards.
 */
function laterThan(predecessor: Buffer, now: number): number {
  try {
    return Math.max(now, Math.floor(lstatSync(predecessor).mtimeMs / 1000) + 1)
  } catch {
    // Nothing there, or a file where this path needs a directory: no predecessor.
    return now
  }
}
