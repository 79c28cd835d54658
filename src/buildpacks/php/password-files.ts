// AuthUserFile and AuthGroupFile of .htaccess files: paths of the host where a site was before are none here, and a login would be a 500.
import { lstat } from 'node:fs/promises'
import { basename, posix } from 'node:path'
import { toBytes, toText } from '../static/byte-string.ts'
import type { FolderFile } from './tree-facts.ts'

export interface Place {
  /** Absolute path of the tree (byte string). */
  readonly tree: string
  /** Document root below it, "." for the tree itself (byte string). */
  readonly folder: string
}

const directive =
  /^[ \t]*(Auth(?:User|Group)File)[ \t]+(?:"([^"\0-\x1f\x7f]+)"|'([^'\0-\x1f\x7f]+)'|([^\s"'\0-\x1f\x7f]+))/gim
/** Where an instance finds its release, and where relative paths lead: Apache's ServerRoot. */
const treeOfInstance = '/site/tree/'
/** Whoever copied one file into a hundred folders reads it once and again. */
const mostTold = 5

export async function notePasswordFiles(htaccess: readonly FolderFile[], place: Place): Promise<string[]> {
  const told: string[] = []
  for (const file of htaccess) {
    for (const [, name = '', ...paths] of file.text.matchAll(directive)) {
      if (told.length === mostTold) return told
      const path = paths.join('')
      const within = posix.join(place.folder, file.folder)
      if (!(await isThere(path, place.tree)))
        told.push(toText(`${posix.join(file.folder, '.htaccess')}: ${await advise({ name, path, within }, place)}`))
    }
  }
  return told
}

/** What storage holds, and what lies behind a link, is not known here. */
async function isThere(path: string, tree: string): Promise<boolean> {
  const absolute = posix.resolve(treeOfInstance, path)
  if (absolute.startsWith('/storage/') || absolute === '/dev/null') return true
  return absolute.startsWith(treeOfInstance) && (await isInTree(tree, absolute.slice(treeOfInstance.length)))
}

async function isInTree(tree: string, path: string): Promise<boolean> {
  let at = tree
  for (const part of path.split('/')) {
    at += `/${part}`
    const stats = await lstat(toBytes(at)).catch(() => undefined)
    if (stats === undefined) return false
    if (stats.isSymbolicLink()) return true
  }
  return true
}

interface Missing {
  readonly name: string
  readonly path: string
  /** Folder of the .htaccess below the tree. */
  readonly within: string
}

/** Byte strings: non-ASCII text would not be one. */
async function advise({ name, path, within }: Missing, { tree, folder }: Place): Promise<string> {
  const problem = `there is no ${path} here, so that every login fails`
  for (const known of candidates(path, [folder, within]))
    if (await isInTree(tree, known)) return `${problem}: write ${name} "${treeOfInstance}${known}"`
  return `${problem}: commit that file and write its path in the repository after ${treeOfInstance}, such as ${name} "${treeOfInstance}${basename(path)}"`
}

/** The longest end of the path comes first: auth/.htpasswd of /var/www/auth/.htpasswd. */
function candidates(path: string, folders: readonly string[]): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..')
  return parts.flatMap((_, index) => {
    const end = parts.slice(index).join('/')
    return ['.', ...folders].map((folder) => posix.join(folder, end))
  })
}
