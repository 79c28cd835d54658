// Turns a copy of one commit's tree into the next one's. All that goes is removed before anything is made, and symbolic links come last, so that
// nothing is ever written through one; a hard link is removed and made anew, never opened: an older release has it, too.
import { lstatSync, rmdirSync, unlinkSync } from 'node:fs'
import type { FoundObject, Objects } from './objects.ts'
import type { Pace } from '../lib/pace.ts'
import { maxTargetBytes, staysInside } from './symlinks.ts'
import { isFolder, type TreeChange } from './tree-changes.ts'
import { type Contents, totalBytes, type TreeRecord } from './tree-record.ts'
import { maxWholeBytes, type TreeWriter } from './tree-writer.ts'
import { checkSize } from './tree.ts'
import type { TreeEntry, TreeLimits } from './types.ts'

interface Workplace {
  readonly into: string
  readonly writer: TreeWriter
  readonly objects: Objects
  readonly pace: Pace
  readonly limits: TreeLimits
  /** Of the commit that `into` holds. */
  readonly record: TreeRecord
}

interface Application extends Omit<Workplace, 'record'> {
  readonly contents: { -readonly [Key in keyof Contents]: Contents[Key] }
  readonly skipped: Map<string, number>
  /** Bytes of the whole commit so far. */
  total: number
}

/**
 * @returns what `into` holds then
 * @throws HostingError too-large; Error of the file system when `into` was not what it should be
 */
export async function applyChanges(
  changes: readonly TreeChange[],
  { record, ...place }: Workplace,
): Promise<Omit<TreeRecord, 'commit'>> {
  const application: Application = {
    ...place,
    contents: { ...record.contents },
    skipped: new Map(record.skipped),
    total: totalBytes(record),
  }
  await forEach(changes.filter(goes), removeFile, application)
  checkSize(application.total, application.limits)
  await forEach(changes.filter(folderGoes).sort(longestFirst), removeFolder, application)
  await forEach(changes.filter(folderComes).sort(shortestFirst), makeFolder, application)
  await forEach(changes.filter(fileComes), writeFile, application)
  await forEach(changes.filter(symlinkComes), writeSymlink, application)
  return { contents: application.contents, skipped: [...application.skipped] }
}

async function forEach(
  changes: readonly TreeChange[],
  action: (change: TreeChange, application: Application) => Promise<void> | void,
  application: Application,
): Promise<void> {
  for (const change of changes) {
    await action(change, application)
    if (application.pace.due()) await application.pace.rest()
  }
}

const goes = ({ before }: TreeChange) => before !== undefined && !isFolder(before)
const folderGoes = ({ before }: TreeChange) => isFolder(before)
const folderComes = ({ after }: TreeChange) => isFolder(after)
const symlinkComes = ({ after }: TreeChange) => after?.mode === '120000'
const fileComes = ({ after }: TreeChange) => after !== undefined && !isFolder(after) && after.mode !== '120000'
const longestFirst = (a: TreeChange, b: TreeChange) => b.path.length - a.path.length
const shortestFirst = (a: TreeChange, b: TreeChange) => a.path.length - b.path.length

function removeFile({ path }: TreeChange, application: Application): void {
  const { into, contents, skipped } = application
  const key = path.toString('latin1')
  application.total -= skipped.get(key) ?? 0
  if (skipped.delete(key)) return
  const place = placeOf(into, path)
  const stats = lstatSync(place)
  unlinkSync(place)
  application.total -= stats.size
  contents.bytes -= stats.size
  contents[stats.isSymbolicLink() ? 'symlinks' : 'files'] -= 1
}

function removeFolder({ path }: TreeChange, { into, contents }: Application): void {
  rmdirSync(placeOf(into, path))
  contents.directories -= 1
}

function makeFolder({ path }: TreeChange, { writer, contents }: Application): void {
  writer.directory(path)
  contents.directories += 1
}

async function writeFile(change: TreeChange, application: Application): Promise<void> {
  const { writer, contents } = application
  const { entry, found } = await findBlob(change, application)
  contents.files += 1
  contents.bytes += entry.size
  if (entry.size > maxWholeBytes) await writer.largeFile(entry, found.pieces())
  else writer.file(entry, await found.whole())
}

async function writeSymlink(change: TreeChange, application: Application): Promise<void> {
  const { writer, contents, skipped } = application
  const { entry, found } = await findBlob(change, application)
  const target = entry.size > maxTargetBytes ? undefined : await found.whole()
  if (target !== undefined && staysInside(entry, target)) {
    writer.symlink(entry, target)
    contents.symlinks += 1
    contents.bytes += entry.size
  } else skipped.set(entry.path.toString('latin1'), entry.size)
}

async function findBlob(
  { path, after }: TreeChange,
  application: Application,
): Promise<{ entry: TreeEntry; found: FoundObject }> {
  const found = after && (await application.objects.find(after.object))
  if (!after || found?.type !== 'blob') throw new Error(`the repository has no blob for ${path.toString()}`)
  application.total += found.size
  // What goes has been subtracted: what is too much now stays too much.
  checkSize(application.total, application.limits)
  return { entry: { ...after, path, size: found.size }, found }
}

function placeOf(into: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${into}/`), path])
}
