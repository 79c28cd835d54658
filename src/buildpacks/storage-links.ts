// What a site may write lies in its storage, outside of releases: in the tree as served, each such path is a symbolic link to /storage. What
// the repository holds there is put aside as seed/, for the day on which storage has nothing there yet. Nothing is followed on the way.
import { lstat, mkdir, rename, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HostingError } from '../errors/hosting-error.ts'
import { absentAsUndefined } from '../lib/files.ts'

/** Where a site's storage is mounted in its instances. */
export const storageMount = '/storage'

export interface StorageTree {
  /** The release's: gets seed/. */
  readonly directory: string
  /** Below it, on the same file system: the tree that is to be served. */
  readonly tree: string
}

const maxPaths = 64
const maxPathBytes = 1024
const maxNameBytes = 255
/** Git's, and what the platform keeps there for itself. */
const reserved = /^(\.git|hosting\.toml|lost\+found|\.hosting.*)$/i

/**
 * Replaces each path of the tree by a link to storage; a path that isn't there yet becomes one, too.
 * @param paths relative; a slash at the end says that it is a folder, before there is one
 * @returns the paths as they belong into `BuiltRelease.storage`: checked, sorted, folders with a slash at their end
 * @throws HostingError invalid-site-config
 */
export async function linkStorage({ directory, tree }: StorageTree, paths: readonly string[]): Promise<string[]> {
  const linked: string[] = []
  for (const path of planStorage(paths)) linked.push(await linkOne({ directory, tree }, path))
  return linked
}

/** Each path once, sorted; what lies inside of another goes with that one. Pure. @throws HostingError invalid-site-config */
export function planStorage(paths: readonly string[]): string[] {
  if (paths.length > maxPaths) throw refusal(`storage has ${paths.length} paths, more than ${maxPaths}`)
  const folders = new Set(paths.filter((path) => path.endsWith('/')).map(plain))
  const wanted = [...new Set(paths.map(checked))]
  const outermost = wanted.filter((path) => !wanted.some((other) => path.startsWith(`${other}/`)))
  return outermost.sort().map((path) => (folders.has(path) || holdsOthers(path, wanted) ? `${path}/` : path))
}

/** A name with a dot in it is that of a file, where nobody has said otherwise. */
export function isFolderName(path: string): boolean {
  return path.endsWith('/') || !path.slice(path.lastIndexOf('/') + 1).includes('.')
}

function holdsOthers(path: string, wanted: readonly string[]): boolean {
  return wanted.some((other) => other.startsWith(`${path}/`))
}

function plain(path: string): string {
  return path.replace(/^\.\//, '').replace(/\/+$/, '')
}

function checked(given: string): string {
  const problem = findPathProblem(given)
  if (problem !== undefined) throw refusal(`storage: ${problem}`)
  return plain(given)
}

/** What keeps a path from being storage, whatever the tree holds; undefined: nothing. Pure. */
export function findPathProblem(given: string): string | undefined {
  const path = plain(given)
  const names = path.split('/')
  if (path === '' || path === '.') return 'the whole tree cannot be storage: releases replace it'
  if (path.startsWith('/') || names.some((name) => name === '' || name === '.' || name === '..'))
    return `"${given}" is not a path inside the repository`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return 'a path has a control character or a backslash in it'
  if (names.some((name) => Buffer.byteLength(name) > maxNameBytes) || Buffer.byteLength(path) > maxPathBytes)
    return `a path is longer than the file system allows: ${path.slice(0, 80)}…`
  const kept = names.find((name) => reserved.test(name))
  return kept === undefined ? undefined : `"${given}": ${kept} cannot be storage`
}

async function linkOne({ directory, tree }: StorageTree, wanted: string): Promise<string> {
  const path = plain(wanted)
  await makeParents(tree, path)
  const place = join(tree, path)
  const found = await absentAsUndefined(lstat(place))
  if (found !== undefined) {
    if (found.isSymbolicLink()) throw refusal(`storage: ${path} is a symbolic link in the repository`)
    await putAside(directory, { place, path })
  }
  await symlink(`${storageMount}/${path}`, place)
  const isFolder = found === undefined ? isFolderName(wanted) : found.isDirectory()
  return isFolder ? `${path}/` : path
}

/** Each on its own: `recursive` would follow a link that the repository has there. */
async function makeParents(tree: string, path: string): Promise<void> {
  const parents = path.split('/').slice(0, -1)
  for (const [index] of parents.entries()) {
    const parent = parents.slice(0, index + 1).join('/')
    const found = await absentAsUndefined(lstat(join(tree, parent)))
    if (found === undefined) await mkdir(join(tree, parent), 0o755)
    else if (!found.isDirectory())
      throw refusal(`storage: ${path} lies in ${parent}, which is no folder in the repository`)
  }
}

async function putAside(directory: string, { place, path }: { place: string; path: string }): Promise<void> {
  const seed = join(directory, 'seed', path)
  await mkdir(dirname(seed), { recursive: true, mode: 0o755 })
  await rename(place, seed)
}

function refusal(message: string): HostingError {
  return new HostingError('invalid-site-config', message, {
    hint: 'Correct `storage` in hosting.toml: paths of folders or files, such as "uploads" or "conf/local.php".',
  })
}
