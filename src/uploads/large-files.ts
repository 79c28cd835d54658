// Large files (Git LFS) where people work with files and not with Git: a tree holds the files, a commit their pointers. What Git's filter
// program does in a clone, without running one.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { type Attributes, openAttributes } from '../git/attributes.ts'
import type { LfsObjects, OwnerOfLarge } from '../git/lfs/objects.ts'
import { leastPointerBytes, type LfsObject, mostPointerBytes, parsePointer, renderPointer } from '../git/lfs/pointer.ts'
import { openObjects, type Objects } from '../git/objects.ts'
import type { Rooted } from '../lib/rooted.ts'
import type { Written } from './difference.ts'
import { Changing, readSeen } from './objects.ts'
import type { Seen } from './scan.ts'

/** Of a commit: by path (latin1). */
export interface BaseEntry {
  readonly mode: string
  readonly object: string
  readonly size: number
}
export type Base = ReadonlyMap<string, BaseEntry>

/** What a commit is to hold of a file. */
export interface Held {
  /** Git's. */
  readonly object: string
  /** Where that is a pointer: to what, and its text. */
  readonly large?: LfsObject & { readonly pointer: Buffer }
}

export interface LargeFiles extends AsyncDisposable {
  /** Undefined: it is being changed. @param object what Git would call the content as it lies there */
  heldAs(root: Rooted, file: { path: string; found: Seen; object: string }): Promise<Held | undefined>
}

interface Place {
  readonly repository: string
  readonly base: Base
  readonly lfs: Pick<LfsObjects, 'isUsed'>
  readonly site: OwnerOfLarge
}

/** Who has never heard of Git LFS pays for one question of the database, and for a look at names. */
export async function openLargeFiles({ repository, base, lfs, site }: Place): Promise<LargeFiles> {
  const rules = [...base].filter(([path]) => basename(path) === '.gitattributes')
  const isUsed = await lfs.isUsed(site)
  if (!isUsed && rules.length === 0) return asTheyAre
  const objects = openObjects({ repository })
  const attributes =
    rules.length === 0
      ? undefined
      : await openAttributes(
          repository,
          rules.map(([path, { object }]) => ({ path, object })),
        )
  return {
    heldAs: (root, { path, found, object }) => {
      const before = base.get(path)
      return heldAs(root, { path, found, object, before }, { objects, attributes })
    },
    async [Symbol.asyncDispose]() {
      await objects[Symbol.asyncDispose]()
      await attributes?.[Symbol.asyncDispose]()
    },
  }
}

const asTheyAre: LargeFiles = {
  heldAs: (_root, { object }) => Promise.resolve({ object }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

interface File {
  readonly path: string
  readonly found: Seen
  readonly object: string
  readonly before: BaseEntry | undefined
}

interface Asking {
  readonly objects: Objects
  readonly attributes: Attributes | undefined
}

async function heldAs(root: Rooted, file: File, asking: Asking): Promise<Held | undefined> {
  const { path, found, object, before } = file
  // git-lfs leaves empty files alone, too.
  if (found.kind === 'link' || found.size === 0 || object === before?.object) return { object }
  const known = before && (await pointerOf(before, asking.objects))
  const isLarge = known !== undefined || (await asking.attributes?.filterOf(path)) === 'lfs'
  if (!isLarge) return { object }
  try {
    // Who uploads a pointer means a pointer.
    if ((await readPointer(root, path, found)) !== undefined) return { object }
    const oid = await sha256Of(root, path, found)
    if (before !== undefined && known?.oid === oid && known.size === found.size)
      return { object: before.object, large: known }
    const large = { oid, size: found.size }
    const pointer = renderPointer(large)
    return { object: blobName(pointer), large: { ...large, pointer } }
  } catch (error) {
    if (error instanceof Changing) return undefined
    throw error
  }
}

function mayBePointer(size: number): boolean {
  return size >= leastPointerBytes && size < mostPointerBytes
}

async function pointerOf({ size, object }: BaseEntry, objects: Objects): Promise<Held['large']> {
  if (!mayBePointer(size)) return undefined
  const pointer = await (await objects.find(object))?.whole()
  const large = pointer && parsePointer(pointer)
  return pointer && large && { ...large, pointer }
}

async function readPointer(root: Rooted, path: string, found: Seen): Promise<LfsObject | undefined> {
  if (!mayBePointer(found.size)) return undefined
  const pieces: Buffer[] = []
  for await (const piece of readSeen(root, path, found)) pieces.push(piece)
  return parsePointer(Buffer.concat(pieces))
}

async function sha256Of(root: Rooted, path: string, found: Seen): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of readSeen(root, path, found)) hash.update(piece)
  return hash.digest('hex')
}

function blobName(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}

interface Storing {
  readonly site: OwnerOfLarge
  readonly lfs: Pick<LfsObjects, 'receive' | 'want'>
}

/** Before a commit refers to them. @throws HostingError quota-exceeded; Changing */
export async function storeLargeFiles(
  root: Rooted,
  changes: ReadonlyMap<string, Written | null>,
  { site, lfs }: Storing,
): Promise<void> {
  for (const [path, change] of changes) {
    const large = change?.large
    if (change === null || large === undefined) continue
    await lfs.receive(site, large, Readable.from(readSeen(root, path, change)))
  }
}
