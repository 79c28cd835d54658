// <tree>.next beside an exported tree: a copy of it in hard links, made while nobody waits, that the next export takes away by one rename.
// (20,000 links take 0.3 s, the rename nothing.)
import { renameSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { execOk } from '../lib/exec.ts'
import { exists, flushFileSystemOf, hasErrorCode, removeTree } from '../lib/files.ts'
import { createId } from '../lib/id.ts'
import { createPace, type Pace } from '../lib/pace.ts'
import { findRecord, sameContents, type TreeRecord } from './tree-record.ts'
import { countContents, linkContents } from './tree-walk.ts'

/** A smaller tree is linked in the time that it takes to start cp. */
const minFiles = 1000

/** To be called once a release is live and quiet. Does nothing for a small tree, a damaged one, or when it was done. Idempotent. */
export async function makeSpare(tree: string, signal: AbortSignal): Promise<void> {
  const record = findRecord(tree)
  if (record === undefined || record.contents.files < minFiles || (await exists(spareOf(tree)))) return
  // A name of its own: two that work at once don't meet. What a crash leaves goes with the release.
  const unfinished = `${spareOf(tree)}.${createId()}.tmp`
  try {
    await execOk('nice', ['-n', '19', 'cp', '-al', '--', tree, unfinished], { signal })
    const contents = await countContents(unfinished, createPace(signal))
    if (!sameContents(contents, record.contents)) return
    // The release that takes it has no time to: its whole file system is flushed while its pusher waits.
    await flushFileSystemOf(unfinished)
    await rename(unfinished, spareOf(tree))
  } catch (error) {
    // ENOTEMPTY: somebody else was first.
    if (!signal.aborted && !hasErrorCode(error, 'ENOTEMPTY')) throw error
  } finally {
    await removeTree(unfinished)
  }
}

/**
 * Makes `into` a copy of `tree` in hard links: its spare, or else a fresh one.
 * @returns whether what `into` holds now is what the record says; if not, the tree is damaged
 */
export async function copyTree(
  tree: string,
  { into, record, pace }: { into: string; record: TreeRecord; pace: Pace },
): Promise<boolean> {
  return takeSpare(tree, into) || sameContents(await linkContents(tree, into, pace), record.contents)
}

/** One rename decides who gets it. */
function takeSpare(tree: string, into: string): boolean {
  try {
    renameSync(spareOf(tree), into)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false
    throw error
  }
}

function spareOf(tree: string): string {
  return `${tree}.next`
}
