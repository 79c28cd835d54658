// Lists a commit's tree within limits. Refuses what can't be published: trees without end, submodules, names that no file can have.
import { setTimeout as delay } from 'node:timers/promises'
import { HostingError } from '../errors/hosting-error.ts'
import { startGit } from './git.ts'
import { objectIdSchema } from './object-id.ts'
import { recordsIn } from './records.ts'
import type { ObjectSource, TreeEntry, TreeLimits, TreeListing } from './types.ts'

/** Below PATH_MAX (4096), with room for the directory that the tree is written to. */
const maxPathBytes = 2048
const maxNameBytes = 255

/** Ordinary trees are listed before: 20,000 files take 50 ms. */
const countAfterMs = 250

interface ListOptions extends TreeLimits {
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads as git writes, and stops at a limit: a "tree bomb" (a few nested trees that name each other ten times make billions of entries) costs
 * no more time and memory than a large site. Directories are listed and counted too (`-t`): a bomb of empty ones would never end.
 * @throws HostingError too-large, invalid-tree
 */
export async function listTree(source: ObjectSource, commit: string, options: ListOptions): Promise<TreeListing> {
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
  const listing = readListing(source, commit, { ...options, signal })
  const count = countLater(source, commit, { ...options, signal })
  try {
    await Promise.race([listing, count])
    return await listing
  } finally {
    stop.abort()
    await Promise.allSettled([listing, count])
  }
}

async function readListing(
  source: ObjectSource,
  commit: string,
  { signal, ...limits }: ListOptions,
): Promise<TreeListing> {
  const listing = { files: [] as TreeEntry[], directories: [] as Buffer[], bytes: 0 }
  const args = ['ls-tree', '-r', '-t', '-l', '-z', '--full-tree', objectIdSchema.parse(commit)]
  await using git = startGit(source, args, signal)
  git.stdin.end()
  for await (const records of recordsIn(git.stdout)) {
    for (const record of records) listing.bytes += add(listing, parseEntry(record))
    checkCounts({ files: listing.files.length, directories: listing.directories.length }, limits)
    checkSize(listing.bytes, limits)
  }
  await git.done()
  return listing
}

/**
 * Counts without sizes what takes long to list: `-l` opens a loose blob again for each of its names (40 µs each), so that a bomb of one small
 * file would need seconds to reach the limit.
 */
async function countLater(source: ObjectSource, commit: string, { signal, ...limits }: ListOptions): Promise<void> {
  try {
    await delay(countAfterMs, undefined, { signal })
    await using git = startGit(
      source,
      ['ls-tree', '-r', '-t', '-z', '--full-tree', objectIdSchema.parse(commit)],
      signal,
    )
    git.stdin.end()
    const counted = { files: 0, directories: 0 }
    for await (const records of recordsIn(git.stdout)) {
      for (const record of records) counted[record.toString('latin1', 0, 6) === '040000' ? 'directories' : 'files'] += 1
      checkCounts(counted, limits)
    }
  } catch (error) {
    // The listing was done first, or its caller gave up.
    if (!signal?.aborted) throw error
  }
}

/** @returns the bytes that the entry adds */
function add(listing: { files: TreeEntry[]; directories: Buffer[] }, entry: TreeEntry): number {
  checkPath(entry)
  if (entry.mode === '040000') listing.directories.push(entry.path)
  else listing.files.push(entry)
  return entry.size
}

/** `<mode> <type> <object> <size, padded, or -><TAB><path>` (git-ls-tree(1), `-l`) */
function parseEntry(record: Buffer): TreeEntry {
  const tab = record.indexOf(9)
  const [mode = '', , object = '', size = ''] = record.toString('latin1', 0, tab).split(/ +/)
  return { mode, object, size: size === '-' ? 0 : Number(size), path: record.subarray(tab + 1) }
}

export function checkCounts(
  { files, directories }: { files: number; directories: number },
  { maxFiles }: TreeLimits,
): void {
  if (files > maxFiles) throw tooLarge(`has more than ${maxFiles} files`, 'max-files')
  if (directories > maxFiles) throw tooLarge(`has more than ${maxFiles} directories`, 'max-files')
}

export function checkSize(bytes: number, { maxTreeBytes }: TreeLimits): void {
  if (bytes <= maxTreeBytes) return
  throw tooLarge(`is larger than ${Math.floor(maxTreeBytes / 1024 / 1024)} MB`, 'max-release-mb')
}

function tooLarge(what: string, key: string): HostingError {
  return new HostingError('too-large', `The pushed tree ${what}`, {
    hint: `Take generated and downloaded files out of the repository (.gitignore, git rm --cached), or ask whoever runs this server to raise ${key}.`,
  })
}

export function checkPath({ mode, path, size }: TreeEntry): void {
  if (mode === '160000') throw submodule(path.toString())
  if (Number.isNaN(size)) throw new Error(`git can't tell the size of ${path.toString()}`)
  if (path.length > maxPathBytes) throw tooLong(path, maxPathBytes, 'path')
  if (path.length - path.lastIndexOf(0x2f) - 1 > maxNameBytes) throw tooLong(path, maxNameBytes, 'file name')
}

function submodule(path: string): HostingError {
  return new HostingError('invalid-tree', `"${path}" is a submodule: a push brings its address, but not its files`, {
    hint: `Put the files into the repository itself: git rm --cached '${path}' && rm -rf '${path}/.git' && git add '${path}'`,
  })
}

function tooLong(path: Buffer, limit: number, what: string): HostingError {
  return new HostingError(
    'invalid-tree',
    `A ${what} has more than ${limit} bytes: "${path.toString().slice(0, 120)}…"`,
    {
      hint: 'Rename it with git mv, commit, and push again.',
    },
  )
}
