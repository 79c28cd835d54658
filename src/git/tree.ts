// Lists a commit's tree within limits. Refuses what can't be published: trees without end, submodules, names that no file can have.
import { HostingError } from '../errors/hosting-error.ts'
import { startGit } from './git.ts'
import { objectIdSchema } from './object-id.ts'
import { recordsIn } from './records.ts'
import type { ObjectSource, TreeEntry, TreeListing } from './types.ts'

export interface TreeLimits {
  /** Holds for files and for directories, each. */
  readonly maxFiles: number
  readonly maxTreeBytes: number
}

/** Below PATH_MAX (4096), with room for the directory that the tree is written to. */
const maxPathBytes = 2048
const maxNameBytes = 255

/**
 * Reads as git writes, and stops at a limit: a "tree bomb" (a few nested trees that name each other ten times make billions of entries) costs
 * no more time and memory than a large site. Directories are listed and counted too (`-t`): a bomb of empty ones would never end.
 * @throws HostingError too-large, invalid-tree
 */
export async function listTree(
  source: ObjectSource,
  commit: string,
  { signal, ...limits }: TreeLimits & { signal?: AbortSignal | undefined },
): Promise<TreeListing> {
  const args = ['ls-tree', '-r', '-t', '-l', '-z', '--full-tree', objectIdSchema.parse(commit)]
  await using git = startGit(source, args, signal)
  git.stdin.end()
  const listing = { files: [] as TreeEntry[], directories: [] as Buffer[], bytes: 0 }
  for await (const records of recordsIn(git.stdout)) {
    for (const record of records) listing.bytes += add(listing, parseEntry(record))
    check(listing, limits)
  }
  await git.done()
  return listing
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

function check({ files, directories, bytes }: TreeListing, { maxFiles, maxTreeBytes }: TreeLimits): void {
  if (files.length > maxFiles) throw tooLarge(`has more than ${maxFiles} files`, 'max-files')
  if (directories.length > maxFiles) throw tooLarge(`has more than ${maxFiles} directories`, 'max-files')
  if (bytes > maxTreeBytes)
    throw tooLarge(`is larger than ${Math.floor(maxTreeBytes / 1024 / 1024)} MB`, 'max-release-mb')
}

function tooLarge(what: string, key: string): HostingError {
  return new HostingError('too-large', `The pushed tree ${what}`, {
    hint: `Take generated and downloaded files out of the repository (.gitignore, git rm --cached), or ask whoever runs this server to raise ${key}.`,
  })
}

function checkPath({ mode, path, size }: TreeEntry): void {
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
