// Goes through an exported tree on disk and counts what is in it; hard-links it meanwhile if asked to. Symbolic links are never followed.
import { chmodSync, type Dirent, linkSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import type { Pace } from '../lib/pace.ts'
import type { Contents } from './tree-record.ts'

type Counts = { -readonly [Key in keyof Contents]: Contents[Key] }

interface Walk {
  readonly counts: Counts
  readonly pace: Pace
  /** From where to where each file is linked. */
  readonly linkTo?: Buffer
}

/** @throws Error what the file system says, e.g. ENOENT when there is no such tree */
export async function countContents(tree: string, pace: Pace): Promise<Contents> {
  const counts = nothing()
  await walk(Buffer.from(tree), { counts, pace })
  return counts
}

/** Copies a tree by hard links, symbolic links among them. `into` must not be there yet. */
export async function linkContents(tree: string, into: string, pace: Pace): Promise<Contents> {
  const counts = nothing()
  await walk(Buffer.from(tree), { counts, pace, linkTo: makeDirectory(Buffer.from(into)) })
  return counts
}

function nothing(): Counts {
  return { files: 0, symlinks: 0, directories: 0, bytes: 0 }
}

async function walk(directory: Buffer, { linkTo, ...rest }: Walk): Promise<void> {
  for (const entry of readdirSync(directory, { withFileTypes: true, encoding: 'buffer' })) {
    const path = inside(directory, entry.name)
    const target = linkTo && inside(linkTo, entry.name)
    if (entry.isDirectory()) {
      rest.counts.directories += 1
      await walk(path, { ...rest, ...(target && { linkTo: makeDirectory(target) }) })
    } else {
      countFile(entry, path, rest.counts)
      if (target) linkSync(path, target)
    }
    if (rest.pace.due()) await rest.pace.rest()
  }
}

function countFile(entry: Dirent<Buffer>, path: Buffer, counts: Counts): void {
  counts.bytes += lstatSync(path).size
  if (entry.isSymbolicLink()) counts.symlinks += 1
  else counts.files += 1
}

function makeDirectory(path: Buffer): Buffer {
  mkdirSync(path, 0o755)
  // Whatever the umask: nginx reads it.
  chmodSync(path, 0o755)
  return path
}

function inside(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from('/'), name])
}
