// Which folder is published: what hosting.toml says, else the first conventional folder that has an index page, else everything.
import { lstat } from 'node:fs/promises'
import { HostingError } from '../../errors/hosting-error.ts'
import { fromText, toBytes } from './byte-string.ts'
import type { DocumentRoot } from './walk.ts'

const conventional = ['public', 'dist', '_site', 'htdocs', 'www']
/** Where build tools put their output, besides. As folders of sources these names mean other things. */
const conventionalOutput = [...conventional, 'build', 'out', 'output']

export interface RootRequest {
  /** The tree to publish from (byte string, absolute). */
  readonly tree: string
  /** What hosting.toml says. */
  readonly wanted?: string | undefined
  /** The tree before the build command ran, when one has run. */
  readonly source?: string
}

export interface FoundRoot extends DocumentRoot {
  /** Relative to the tree, "." for the tree itself (byte string). */
  readonly folder: string
  readonly note: string
}

/** @throws HostingError invalid-site-config when the folder that was asked for isn't one */
export async function findDocumentRoot(request: RootRequest): Promise<FoundRoot> {
  const { tree, wanted } = request
  if (wanted !== undefined) {
    const folder = fromText(wanted)
    await requireFolder(tree, folder, wanted)
    return foundRoot(tree, folder, `document root ${wanted}`)
  }
  const folder = await findConventional(request)
  if (folder === undefined) return foundRoot(tree, '.', 'document root: the whole tree')
  return foundRoot(tree, folder, `document root ${folder}/ (it has an index page)`)
}

function foundRoot(tree: string, folder: string, note: string): FoundRoot {
  return { path: folder === '.' ? tree : `${tree}/${folder}`, isRepository: folder === '.', folder, note }
}

/** Component by component: no part of it may be a link. */
async function requireFolder(tree: string, folder: string, wanted: string): Promise<void> {
  let path = tree
  for (const part of folder === '.' ? [] : folder.split('/')) {
    path += `/${part}`
    if (await isKind(path, 'directory')) continue
    throw new HostingError(
      'invalid-site-config',
      `hosting.toml names "${wanted}" to be published, but it is no folder`,
      {
        hint: 'Commit that folder, have the build command make it, or correct `root` or `build.output`.',
      },
    )
  }
}

/** After a build, what the command has made comes before what was there: the public/ of many tools is a folder of sources. */
async function findConventional({ tree, source }: RootRequest): Promise<string | undefined> {
  const found: string[] = []
  for (const name of source === undefined ? conventional : conventionalOutput) {
    if (await hasIndex(`${tree}/${name}`)) found.push(name)
  }
  if (source === undefined) return found[0]
  for (const name of found) {
    if (!(await hasIndex(`${source}/${name}`))) return name
  }
  return found[0]
}

async function hasIndex(folder: string): Promise<boolean> {
  if (!(await isKind(folder, 'directory'))) return false
  return (await isKind(`${folder}/index.html`, 'file')) || (await isKind(`${folder}/index.htm`, 'file'))
}

async function isKind(path: string, kind: 'directory' | 'file'): Promise<boolean> {
  try {
    const stats = await lstat(toBytes(path))
    return kind === 'file' ? stats.isFile() : stats.isDirectory()
  } catch {
    return false
  }
}
