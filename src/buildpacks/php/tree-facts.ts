// One walk over a document root: its .htaccess and .user.ini files, its PHP, and the assets that a server needs no PHP for.
// Names are byte strings. Symbolic links are not followed: what lies behind them the instance serves.
import { lstat, readdir, readFile } from 'node:fs/promises'
import type { Dirent } from 'node:fs'
import { fromBytes, toBytes } from '../static/byte-string.ts'
import { forEachConcurrently } from '../static/concurrently.ts'

export interface FolderFile {
  /** Relative to the document root, "" for itself. */
  readonly folder: string
  readonly text: string
}

export interface TreeFacts {
  readonly htaccess: readonly FolderFile[]
  readonly userIni: readonly FolderFile[]
  /** Relative to the document root; none of them in a folder whose name begins with a dot. */
  readonly assets: readonly string[]
  /** PHP, relative to the document root: the first of them, those next to it before those further down. None of Composer's. */
  readonly sources: readonly string[]
}

/** What browsers fetch beside a page. Not text, HTML, XML or JSON: applications keep data in such files. */
const asset =
  /\.(css|m?js|map|png|jpe?g|gif|webp|avif|svgz?|ico|cur|bmp|woff2?|ttf|otf|eot|mp[34]|m4[av]|webm|og[gv]|opus|flac|wav|pdf|swf)$/i
const source = /\.(php[3-8]?|phtml|inc)$/i
const maxSources = 2000
const maxRulesBytes = 256 * 1024
const maxRules = 1000

/** @param root absolute */
export async function readTreeFacts(root: string): Promise<TreeFacts> {
  const rules: { folder: string; name: string }[] = []
  const assets: string[] = []
  const sources: string[] = []
  let level = ['']
  while (level.length > 0) {
    const below: string[] = []
    await forEachConcurrently(level, async (folder) => {
      for (const entry of await list(root, folder)) sort(entry, folder, { rules, assets, sources, below })
    })
    level = below
  }
  const files = await Promise.all(
    rules.slice(0, maxRules).map(async (rule) => ({ ...rule, text: await read(root, rule) })),
  )
  const beyond = rules.length > maxRules ? [{ folder: '', name: '.htaccess', text: unread }] : []
  return {
    htaccess: [...files.filter(({ name }) => name === '.htaccess'), ...beyond].sort(byFolder),
    userIni: files.filter(({ name, folder }) => name === '.user.ini' && !/[\0-\x1f\x7f]/.test(folder)).sort(byFolder),
    assets: assets.sort(),
    sources: sources.slice(0, maxSources),
  }
}

/** Stands for what is too much to be read here: Apache obeys it in any case. */
const unread = 'TooLarge\n'

async function list(root: string, folder: string): Promise<Dirent<Buffer>[]> {
  return await readdir(toBytes(`${root}/${folder}`), { encoding: 'buffer', withFileTypes: true })
}

interface Found {
  readonly rules: { folder: string; name: string }[]
  readonly assets: string[]
  readonly sources: string[]
  readonly below: string[]
}

function sort(entry: Dirent<Buffer>, folder: string, { rules, assets, sources, below }: Found): void {
  const name = fromBytes(entry.name)
  const path = folder === '' ? name : `${folder}/${name}`
  if (entry.isFile() && (name === '.htaccess' || name === '.user.ini')) rules.push({ folder, name })
  else if (name.startsWith('.')) return
  else if (entry.isDirectory()) below.push(path)
  else if (entry.isFile() && asset.test(name)) assets.push(path)
  else if (entry.isFile() && source.test(name) && !/^(vendor|node_modules)\//.test(path)) sources.push(path)
}

async function read(root: string, { folder, name }: { folder: string; name: string }): Promise<string> {
  const path = toBytes(`${root}/${folder === '' ? '' : `${folder}/`}${name}`)
  return (await lstat(path)).size > maxRulesBytes ? unread : fromBytes(await readFile(path))
}

function byFolder(left: FolderFile, right: FolderFile): number {
  return left.folder < right.folder ? -1 : 1
}
