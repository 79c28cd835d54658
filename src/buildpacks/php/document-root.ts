// Which folder of a PHP site is served: what hosting.toml says, else that of its framework, else by convention.
import { lstat } from 'node:fs/promises'
import { HostingError } from '../../errors/hosting-error.ts'
import { fromText, toBytes } from '../static/byte-string.ts'

/** Looked at in this order; one counts that has a page to begin with. */
const conventional = ['public', 'web', 'htdocs', 'public_html', 'docroot', 'www', 'html']
const beginnings = ['index.php', 'index.html', 'index.htm']

export interface RootWish {
  /** Absolute (byte string). */
  readonly tree: string
  /** `root` of hosting.toml. */
  readonly configured?: string | undefined
  /** That of a known application. */
  readonly known?: string | undefined
  readonly hasComposerJson: boolean
}

export interface PhpRoot {
  /** Relative to the tree, "." for the tree itself (byte string). */
  readonly folder: string
  readonly note: string
}

/** @throws HostingError invalid-site-config when the folder that was asked for isn't one */
export async function findPhpRoot({ tree, configured, known, hasComposerJson }: RootWish): Promise<PhpRoot> {
  if (configured !== undefined) {
    await requireFolder(tree, configured)
    return { folder: fromText(configured), note: `document root ${configured}` }
  }
  if (known !== undefined && (await isFolder(`${tree}/${fromText(known)}`)))
    return { folder: fromText(known), note: `document root ${known}` }
  // An index.php at the root of an application that Composer builds leads nowhere: its own convention is a folder.
  if (!hasComposerJson && (await hasBeginning(tree))) return wholeTree
  for (const folder of conventional)
    if (await hasBeginning(`${tree}/${folder}`))
      return { folder, note: `document root ${folder}/ (it has an index page)` }
  return wholeTree
}

const wholeTree: PhpRoot = { folder: '.', note: 'document root: the whole tree' }

/** Component by component: no part of it may be a link. */
async function requireFolder(tree: string, wanted: string): Promise<void> {
  let path = tree
  for (const part of wanted === '.' ? [] : wanted.split('/')) {
    path += `/${fromText(part)}`
    if (await isFolder(path)) continue
    throw new HostingError('invalid-site-config', `hosting.toml names "${wanted}" as the root, but it is no folder`, {
      hint: 'Commit that folder, or correct `root`.',
    })
  }
}

async function hasBeginning(folder: string): Promise<boolean> {
  if (!(await isFolder(folder))) return false
  for (const name of beginnings) if ((await statsOf(`${folder}/${name}`))?.isFile()) return true
  return false
}

async function isFolder(path: string): Promise<boolean> {
  return (await statsOf(path))?.isDirectory() ?? false
}

async function statsOf(path: string) {
  return await lstat(toBytes(path)).catch(() => undefined)
}
