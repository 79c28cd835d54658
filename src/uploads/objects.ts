// Which object of Git's a file in a view is: hashed when it has changed since it was last looked at (as Git's index does).
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, readSync } from 'node:fs'
import { createPace } from '../lib/pace.ts'
import { openParent, type Rooted } from '../lib/rooted.ts'
import { type Seen, seen } from './scan.ts'

interface Known {
  readonly signature: string
  readonly object: string
}

/** By path. */
export type ObjectCache = Map<string, Known>

/** The kernel's clock for files ticks every 4 ms: what was changed just before it was hashed may be changed again unseen. */
const racyMs = 50
const chunkBytes = 1024 * 1024

/** Undefined: it is being changed, or gone. */
export async function objectOf(
  root: Rooted,
  { path, found, cache }: { path: string; found: Seen; cache: ObjectCache },
): Promise<string | undefined> {
  const known = cache.get(path)
  if (known !== undefined && known.signature === found.signature) return known.object
  const begun = Date.now()
  const object = found.kind === 'link' ? linkObject(root, path) : await fileObject(root, path, found)
  if (object === undefined) return undefined
  if (found.changedAtMs < begun - racyMs) cache.set(path, { signature: found.signature, object })
  else cache.delete(path)
  return object
}

/** The target of a link, byte for byte. */
export function targetOf(root: Rooted, path: string): Buffer | undefined {
  const place = openParent(root, path)
  if (place === undefined) return undefined
  using parent = place.parent
  return parent.target(place.name)
}

function linkObject(root: Rooted, path: string): string | undefined {
  const target = targetOf(root, path)
  return target && createHash('sha1').update(`blob ${target.length}\0`).update(target).digest('hex')
}

async function fileObject(root: Rooted, path: string, found: Seen): Promise<string | undefined> {
  const hash = createHash('sha1').update(`blob ${found.size}\0`)
  try {
    for await (const piece of readSeen(root, path, found)) hash.update(piece)
  } catch (error) {
    if (error instanceof Changing) return undefined
    throw error
  }
  return hash.digest('hex')
}

/** A file is not what it was when it was looked at. */
export class Changing extends Error {}

/** The content of a file, exactly as it was seen. @throws Changing */
export async function* readSeen(root: Rooted, path: string, found: Seen): AsyncGenerator<Buffer> {
  const fd = openSeen(root, path)
  if (fd === undefined) throw new Changing(path)
  try {
    const unchanged = () => seen(fstatSync(fd, { bigint: true })).signature === found.signature
    if (!unchanged()) throw new Changing(path)
    const pace = createPace()
    for (let left = found.size; left > 0; ) {
      const piece = Buffer.allocUnsafe(Math.min(left, chunkBytes))
      const length = readSync(fd, piece)
      if (length === 0) throw new Changing(path)
      left -= length
      yield piece.subarray(0, length)
      if (pace.due()) await pace.rest()
    }
    if (!unchanged()) throw new Changing(path)
  } finally {
    closeSync(fd)
  }
}

function openSeen(root: Rooted, path: string): number | undefined {
  const place = openParent(root, path)
  if (place === undefined) return undefined
  using parent = place.parent
  return parent.file(place.name)
}
