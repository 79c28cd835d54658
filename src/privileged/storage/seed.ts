// Gives storage what the repository holds for it: once, where storage has nothing of that name. What is there is never written over, and
// what a path leads to is never followed.
import type { FileHandle } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { HostingError } from '../../errors/hosting-error.ts'
import { Directory, namesOf } from '../../lib/directory.ts'
import { exec } from '../../lib/exec.ts'
import { absentAsUndefined, hasErrorCode } from '../../lib/files.ts'
import { createId } from '../../lib/id.ts'
import { syncFileSystem } from '../../lib/posix/libc.ts'
import { siteUid } from '../../names/site-uid.ts'
import type { Gives, Takes } from '../verbs.ts'
import type { StorageContext } from './ensure.ts'
import { placeOf } from './place.ts'

const temporaryPrefix = '.hosting-seed-'

/** @throws HostingError too-large when the quota is used up */
export async function seed({ site, release }: Takes<'seed'>, context: StorageContext): Promise<Gives<'seed'>> {
  const directory = placeOf(context.storage, site.name).directory
  await using storage = await Directory.open(directory)
  await using seeds = await openSeeds(context, site.name, release.directory)
  const owner = context.rights.root ? siteUid(site.id) : undefined
  const sowing = { storage, seeds, owner, temporary: `${temporaryPrefix}${createId()}` }
  const seeded: string[] = []
  try {
    for (const path of release.paths) if (await seedPath(path, sowing)) seeded.push(path)
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].some((code) => hasErrorCode(error, code))) throw error
    throw full(site.name, error)
  } finally {
    await removeTemporary(storage, directory)
  }
  return { seeded }
}

export async function openSeeds(
  { releases }: StorageContext,
  site: string,
  release: string,
): Promise<Directory | undefined> {
  return await absentAsUndefined(Directory.open(join(releases, site, release, 'seed')))
}

interface Sowing {
  readonly storage: Directory
  readonly seeds: Directory | undefined
  /** Undefined: this process can't give files away, so they are writable for all. */
  readonly owner: number | undefined
  /** In storage's root: a copy is made there and moved when it is whole. */
  readonly temporary: string
}

async function seedPath(path: string, sowing: Sowing): Promise<boolean> {
  const { storage, seeds, temporary, owner } = sowing
  const names = namesOf(path)
  const last = names.pop() ?? ''
  await using parent = await descend(storage, names, { make: true, owner })
  // The site has a file or a link where a directory is to be: it is its own affair.
  if (parent === undefined || (await parent.stat(last)) !== undefined) return false
  await using origin = await descend(seeds, names, { make: false, owner })
  const found = await origin?.stat(last)
  if (origin === undefined || found === undefined) {
    if (path.endsWith('/')) await (await made(parent, last, { owner, mode: 0o755 }))[Symbol.asyncDispose]()
    return false
  }
  await copy({ from: origin, name: last, to: storage, newName: temporary, owner }, found)
  await syncFileSystem(storage.handle.fd)
  if (found.isDirectory()) await storage.moveDirectory(temporary, parent, last)
  else await storage.moveFile(temporary, parent, last)
  return true
}

/** Below `directory`, name by name. */
export async function descend(
  directory: Directory | undefined,
  names: readonly string[],
  { make, owner }: { make: boolean; owner: number | undefined },
): Promise<Directory | undefined> {
  let current = directory === undefined ? undefined : await directory.duplicate()
  for (const name of names) {
    if (current === undefined) return undefined
    await using above = current
    const missing = make && (await above.stat(name)) === undefined
    current = missing ? await made(above, name, { owner, mode: 0o755 }) : await above.directory(name)
  }
  return current
}

interface Looks {
  readonly owner: number | undefined
  readonly mode: number
}

async function made(parent: Directory, name: string, looks: Looks): Promise<Directory> {
  await parent.makeDirectory(name)
  const directory = await parent.directory(name)
  if (directory === undefined) throw new Error('a directory that was just made is gone')
  await give(directory.handle, looks)
  return directory
}

/** By descriptor: what has been put under its name meanwhile is not touched. */
async function give(handle: FileHandle, { owner, mode }: Looks): Promise<void> {
  if (owner !== undefined) await handle.chown(owner, owner)
  await handle.chmod(owner === undefined ? mode | 0o666 : mode)
}

interface Copy {
  readonly from: Directory
  readonly name: string
  readonly to: Directory
  readonly newName: string
  readonly owner: number | undefined
}

async function copy({ from, name, to, newName, owner }: Copy, found: Stats): Promise<void> {
  if (found.isSymbolicLink()) await to.makeLink(newName, (await from.target(name)) ?? '')
  else if (found.isDirectory()) await copyDirectory({ from, name, to, newName, owner })
  else if (found.isFile()) await copyFile({ from, name, to, newName, owner }, found)
}

async function copyDirectory({ from, name, to, newName, owner }: Copy): Promise<void> {
  await using source = await from.directory(name)
  if (source === undefined) return
  await using target = await made(to, newName, { owner, mode: 0o755 })
  for (const inner of await source.names()) {
    const found = await source.stat(inner)
    if (found !== undefined) await copy({ from: source, name: inner, to: target, newName: inner, owner }, found)
  }
}

/** With its time: what has the size and the time of what was sown has not been changed since (survey.ts). */
async function copyFile({ from, name, to, newName, owner }: Copy, { mode, mtime }: Stats): Promise<void> {
  await using source = await from.file(name)
  if (source === undefined) return
  await using target = await to.makeFile(newName)
  for await (const chunk of source.createReadStream({ autoClose: false })) await target.writeFile(chunk as Buffer)
  await give(target, { owner, mode: mode & 0o755 })
  await target.utimes(mtime, mtime)
}

/** Those that a crash left, too. */
async function removeTemporary(storage: Directory, path: string): Promise<void> {
  const left = (await storage.names()).filter((name) => name.startsWith(temporaryPrefix))
  for (const name of left) await exec('rm', ['-rf', '--one-file-system', '--', join(path, name)])
}

function full(site: string, cause: unknown): HostingError {
  return new HostingError('too-large', `The storage of ${site} has no room for what the repository holds for it`, {
    hint: `storage ${site}   shows what takes the room.`,
    cause,
  })
}
