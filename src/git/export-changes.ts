// Writes a commit's tree as the one before it with the changes applied: what it costs depends on the change, not on the tree.
// The outcome is that of export-listing.ts, file by file (a test compares the two); whatever is odd is left to that.
import { lstatSync } from 'node:fs'
import { systemClock } from '../lib/clock.ts'
import { removeTree } from '../lib/files.ts'
import { applyChanges } from './apply-changes.ts'
import type { Objects } from './objects.ts'
import { createPace } from '../lib/pace.ts'
import { copyTree } from './spare.ts'
import { findChanges, isFolder, type TreeChange } from './tree-changes.ts'
import { describe, findRecord, type TreeRecord, writeRecord } from './tree-record.ts'
import { writerInto } from './tree-writer.ts'
import { checkCounts, checkPath } from './tree.ts'
import type { ExportedTree, ExportRequest, TreeLimits } from './types.ts'

/** Of a tree's files; where more have changed, listing it costs less than it saves. */
const smallShare = 0.1
/** What is always worth a try. */
const fewChanges = 100

/**
 * @returns undefined when it can't be done: there is nothing to start from, or too much has changed. Nothing is left then.
 * @throws HostingError too-large, invalid-tree
 */
export async function exportChanges(request: ExportRequest, objects: Objects): Promise<ExportedTree | undefined> {
  const { previous, commit, into, limits } = request
  const directory = wholeDirectory(previous)
  const record = directory === undefined ? undefined : findRecord(directory)
  if (directory === undefined || record === undefined || record.commit !== previous?.commit) return undefined
  if (lstatSync(into, { throwIfNoEntry: false }) !== undefined) return undefined
  const atMost = Math.max(fewChanges, record.contents.files * smallShare)
  const changes = await findChanges(objects, { from: record.commit, to: commit, atMost })
  if (changes === undefined) return undefined
  check(changes, record, limits)
  const next = await write(request, { directory, objects, record, changes })
  return next && { ...describe(next), changedPaths: changedFiles(changes) }
}

/** A release that was taken apart is for the listing to put together. */
function wholeDirectory(previous: ExportRequest['previous']): string | undefined {
  const [directory, ...others] = previous?.directories ?? []
  return others.length === 0 ? directory : undefined
}

interface Facts {
  readonly directory: string
  readonly objects: Objects
  readonly record: TreeRecord
  readonly changes: readonly TreeChange[]
}

async function write(
  request: ExportRequest,
  { directory, objects, record, changes }: Facts,
): Promise<TreeRecord | undefined> {
  const { into, commit, limits, signal, clock = systemClock } = request
  const pace = createPace(signal)
  try {
    if (await copyTree(directory, { into, record, pace })) {
      const writer = writerInto({ into, previous: [directory], now: clock.now() })
      const applied = await applyChanges(changes, { into, writer, objects, record, limits, pace })
      const next = { commit, ...applied }
      writeRecord(into, next)
      return next
    }
  } catch (error) {
    if (!isFromFileSystem(error)) throw error
  }
  await removeTree(into)
  return undefined
}

/** Something is not there, or too much: the release before is damaged. Or the disk is full, which the other way will find out, too. */
function isFromFileSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

/** As a listing is checked, before anything is made. */
function check(changes: readonly TreeChange[], { contents, skipped }: TreeRecord, limits: TreeLimits): void {
  let files = contents.files + contents.symlinks + skipped.length
  let { directories } = contents
  for (const { path, before, after } of changes) {
    if (after !== undefined) checkPath({ ...after, path, size: 0 })
    const more = Number(after !== undefined) - Number(before !== undefined)
    if (isFolder(before) || isFolder(after)) directories += more
    else files += more
  }
  checkCounts({ files, directories }, limits)
}

function changedFiles(changes: readonly TreeChange[]): Buffer[] {
  return changes.filter(({ before, after }) => !isFolder(before) && !isFolder(after)).map(({ path }) => path)
}
