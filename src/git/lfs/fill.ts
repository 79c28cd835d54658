// Puts large files into an exported tree in the place of their pointers. No program of a repository's choice is run for that
// (gitattributes(5), filter): what lies in the store under the pointer's id is copied.
import { constants, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, copyFile, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { HostingError } from '../../errors/hosting-error.ts'
import { hasErrorCode } from '../../lib/files.ts'
import { createId } from '../../lib/id.ts'
import { createPace, type Pace } from '../../lib/pace.ts'
import { findRecord, writeRecord } from '../tree-record.ts'
import { leastPointerBytes, type LfsObject, mostPointerBytes, parsePointer } from './pointer.ts'

interface Filling {
  readonly tree: string
  /** Files that may be pointers; undefined: any. */
  readonly paths: readonly Buffer[] | undefined
  readonly pathOf: (oid: string) => string
  /** Says that they are needed, before the first is copied. */
  readonly want?: (oids: readonly string[]) => Promise<void>
  /** Where one is missing its pointer stays. Left out: that is an error. */
  readonly lenient?: boolean
  readonly maxBytes: number
  readonly signal: AbortSignal
}

interface Found {
  readonly path: Buffer
  readonly object: LfsObject
  readonly mode: number
  readonly mtimeMs: number
  readonly pointerBytes: number
}

/**
 * @returns how many were put in
 * @throws HostingError invalid-tree when the content of one was never uploaded, or has another size than its pointer says; too-large
 */
export async function fillPointers(filling: Filling): Promise<number> {
  const pace = createPace(filling.signal)
  const found = await findPointers(filling, pace)
  if (found.length === 0) return 0
  const added = found.reduce((sum, { object, pointerBytes }) => sum + object.size - pointerBytes, 0)
  const record = findRecord(filling.tree)
  if ((record?.contents.bytes ?? 0) + added > filling.maxBytes)
    throw new HostingError(
      'too-large',
      `With its large files the tree has more than ${Math.floor(filling.maxBytes / 1024 / 1024)} MB`,
      {
        hint: 'Take some out, or ask whoever runs this server to raise max-release-mb.',
      },
    )
  await filling.want?.(found.map(({ object }) => object.oid))
  for (const one of found) {
    await put(one, filling)
    if (pace.due()) await pace.rest()
  }
  // What is counted in the next export is what lies here.
  if (record !== undefined)
    writeRecord(filling.tree, { ...record, contents: { ...record.contents, bytes: record.contents.bytes + added } })
  return found.length
}

async function findPointers(filling: Filling, pace: Pace): Promise<Found[]> {
  const { tree, paths } = filling
  const found: Found[] = []
  for (const path of paths === undefined ? filesBelow(Buffer.from(tree)) : paths.map((each) => below(tree, each))) {
    const pointer = findPointer(path)
    if (pointer !== undefined && isHonest(pointer, filling)) found.push(pointer)
    if (pace.due()) await pace.rest()
  }
  return found
}

function below(tree: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${tree}/`), path])
}

function* filesBelow(directory: Buffer): Generator<Buffer> {
  for (const entry of readdirSync(directory, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([directory, Buffer.from('/'), entry.name])
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

/** What it says is what is counted: a thousand pointers of a byte each would else be as many copies of a large file. */
function isHonest({ path, object }: Found, { pathOf, tree, lenient }: Filling): boolean {
  const held = statSync(pathOf(object.oid), { throwIfNoEntry: false })
  if (held === undefined || held.size === object.size) return true
  if (lenient === true) return false
  throw new HostingError(
    'invalid-tree',
    `${path.subarray(tree.length + 1).toString()} says that its large file (Git LFS) has ${object.size} bytes, and it has ${held.size}`,
    { hint: 'git lfs fsck --pointers   finds such; git add --renormalize FILE   makes them anew.' },
  )
}

/** A changed path may be one that is gone. */
function findPointer(path: Buffer): Found | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (!stats?.isFile() || stats.size < leastPointerBytes || stats.size >= mostPointerBytes) return undefined
  const object = parsePointer(readFileSync(path))
  return object && { path, object, mode: stats.mode, mtimeMs: stats.mtimeMs, pointerBytes: stats.size }
}

/** Copied, not linked: what a build writes to must not be in the store. The pointer may be shared with another release: it is replaced. */
async function put({ path, object, mode, mtimeMs }: Found, { pathOf, tree, lenient }: Filling): Promise<void> {
  const beside = join(tree, '..', `${createId()}.lfs`)
  try {
    await copyFile(pathOf(object.oid), beside, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await utimes(beside, mtimeMs / 1000, mtimeMs / 1000)
    await chmod(beside, mode & 0o777)
    await rename(beside, path)
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error
    if (lenient === true) return
    throw notUploaded(path.subarray(tree.length + 1).toString(), error)
  } finally {
    await rm(beside, { force: true })
  }
}

function notUploaded(path: string, cause: unknown): HostingError {
  return new HostingError('invalid-tree', `${path} is a large file (Git LFS) whose content was never uploaded`, {
    hint: 'git lfs push --all REMOTE   uploads it; then push again.',
    cause,
  })
}
