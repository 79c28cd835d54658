// Lists what a document root has to serve. Symbolic links that stay inside are seen as what they point at, the others are left out and counted.
import { readdir, lstat } from 'node:fs/promises'
import type { Dirent } from 'node:fs'
import { HostingError } from '../../errors/hosting-error.ts'
import { fromBytes, toBytes } from './byte-string.ts'
import { resolveInside } from './links.ts'
import { visibility } from './visible.ts'

/** Byte strings throughout. */
export interface DocumentRoot {
  /** Absolute. */
  readonly path: string
  /** Whether it is the root of the repository (or of what was built from it). */
  readonly isRepository: boolean
}

export interface ServedFile {
  /** As it is asked for, relative to the document root. */
  readonly path: string
  /** Where its content is, relative to the document root; no part of it is a link. */
  readonly source: string
}

export interface Seen {
  links: number
  linksOut: number
  programs: number
  files: number
}

const maxFiles = 200_000

/** @throws HostingError too-large when links between folders make more of the tree than may be served */
export async function* walk(root: DocumentRoot, seen: Seen): AsyncGenerator<ServedFile> {
  yield* walkFolder({ root, seen, path: '', source: '', above: [] })
}

interface Folder {
  readonly root: DocumentRoot
  readonly seen: Seen
  readonly path: string
  readonly source: string
  /** Real folders on the way here: a link to one of them would go round for ever. */
  readonly above: readonly string[]
}

async function* walkFolder(folder: Folder): AsyncGenerator<ServedFile> {
  const { root, path, source } = folder
  const entries = await readdir(toBytes(join(root.path, source)), { encoding: 'buffer', withFileTypes: true })
  const names = new Set(entries.map(({ name }) => fromBytes(name)))
  for (const entry of entries) {
    const name = fromBytes(entry.name)
    for await (const file of walkEntry({ ...folder, path: join(path, name), source: join(source, name) }, entry)) {
      yield file
      // A folder's page may have the older name too; both servers then need to know one only.
      if (name === 'index.htm' && file.path === join(path, name) && !names.has('index.html'))
        yield { path: join(path, 'index.html'), source: file.source }
    }
  }
}

async function* walkEntry(folder: Folder, entry: Dirent<Buffer>): AsyncGenerator<ServedFile> {
  const { root, seen, path, source } = folder
  const shown = visibility(path, root.isRepository)
  if (shown === 'program' && !entry.isDirectory()) seen.programs++
  if (shown === 'hidden' || (shown === 'program' && !entry.isDirectory())) return
  if (entry.isSymbolicLink()) yield* walkLink(folder)
  else if (entry.isDirectory()) yield* walkFolder({ ...folder, above: [...folder.above, source] })
  else if (entry.isFile()) yield countFile(seen, { path, source })
}

async function* walkLink(folder: Folder): AsyncGenerator<ServedFile> {
  const { root, seen, path } = folder
  seen.links++
  const source = await resolveInside(root.path, folder.source)
  if (source === undefined || source === '' || visibility(source, root.isRepository) !== 'served') {
    seen.linksOut++
    return
  }
  const stats = await lstat(toBytes(join(root.path, source)))
  if (stats.isFile()) yield countFile(seen, { path, source })
  else if (stats.isDirectory() && !folder.above.some((real) => real === source || real.startsWith(`${source}/`)))
    yield* walkFolder({ ...folder, source, above: [...folder.above, source] })
}

function countFile(seen: Seen, file: ServedFile): ServedFile {
  seen.files++
  if (seen.files <= maxFiles) return file
  throw new HostingError('too-large', `The document root has more than ${maxFiles} files, links followed`, {
    hint: 'Remove files, or links between folders that repeat them.',
  })
}

export function join(directory: string, name: string): string {
  return directory === '' ? name : name === '' ? directory : `${directory}/${name}`
}
