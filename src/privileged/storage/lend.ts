// Copies what a site has in some paths of its storage to where the daemon may read it, to compare it with the repository: the copy is the
// daemon's own, among what is swept away. No link of the site's is followed.
import { chown, lstat, mkdir } from 'node:fs/promises'
import { Directory, namesOf } from '../../lib/directory.ts'
import { createId } from '../../lib/id.ts'
import type { Gives, Takes } from '../verbs.ts'
import type { StorageContext } from './ensure.ts'
import { placeOf, trashPath } from './place.ts'
import { copy, descend } from './seed.ts'

export async function lend({ site, paths }: Takes<'lend'>, context: StorageContext): Promise<Gives<'lend'>> {
  const { storage, releases, rights } = context
  const id = createId()
  const target = trashPath(storage, id)
  const owner = rights.root ? (await lstat(releases)).uid : undefined
  await mkdir(target, { mode: 0o700 })
  await using from = await Directory.open(placeOf(storage, site.name).directory)
  await using to = await Directory.open(target)
  for (const path of paths) await lendPath(path, { from, to, owner })
  // Last: until then nobody but this process gets in.
  if (owner !== undefined) await chown(target, owner, owner)
  return { id }
}

interface Lending {
  readonly from: Directory
  readonly to: Directory
  /** Of the copy. */
  readonly owner: number | undefined
}

async function lendPath(path: string, { from, to, owner }: Lending): Promise<void> {
  const names = namesOf(path)
  const last = names.pop() ?? ''
  await using origin = await descend(from, names, { make: false, owner })
  const found = await origin?.stat(last)
  if (origin === undefined || found === undefined) return
  await using parent = await descend(to, names, { make: true, owner })
  if (parent !== undefined) await copy({ from: origin, name: last, to: parent, newName: last, owner }, found)
}
