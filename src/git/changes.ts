// What differs between two commits, path by path, as bytes.
import { startGit } from './git.ts'
import { objectIdSchema } from './object-id.ts'
import { recordsIn } from './records.ts'
import type { ObjectSource } from './types.ts'

export interface ChangedPath {
  readonly path: Buffer
  /** `modified` includes a new mode and a new kind (file ↔ symbolic link). A file that becomes a directory is deleted, its files are added. */
  readonly status: 'added' | 'modified' | 'deleted'
  /** Of the later commit; all zeros when deleted. */
  readonly mode: string
  readonly object: string
}

const statuses: Readonly<Record<string, ChangedPath['status']>> = {
  A: 'added',
  D: 'deleted',
  M: 'modified',
  T: 'modified',
}

interface Range {
  readonly from: string
  readonly to: string
  readonly signal?: AbortSignal | undefined
}

/** @throws Error when one of the commits isn't there (collected after a force-push) */
export async function changedPaths(source: ObjectSource, { from, to, signal }: Range): Promise<ChangedPath[]> {
  const commits = [from, to].map((commit) => objectIdSchema.parse(commit))
  await using git = startGit(source, ['diff-tree', '-r', '-z', '--raw', '--no-renames', ...commits], signal)
  git.stdin.end()
  const changes: ChangedPath[] = []
  let header: Buffer | undefined
  for await (const records of recordsIn(git.stdout)) {
    for (const record of records) {
      if (header !== undefined) changes.push(parseChange(header, record))
      header = header === undefined ? record : undefined
    }
  }
  await git.done()
  return changes
}

/** `:<mode> <mode> <object> <object> <status>` (git-diff-tree(1), "Raw output format"), then the path as a record of its own. */
function parseChange(header: Buffer, path: Buffer): ChangedPath {
  const [, mode = '', , object = '', letter = ''] = header.toString('latin1').split(' ')
  const status = statuses[letter]
  if (status === undefined) throw new Error(`git diff-tree says ${header.toString('latin1')}`)
  return { path, status, mode, object }
}
