// Files that are whole or not there: write, fsync, rename, fsync of the directory.
import { constants } from 'node:fs'
import { lstat, mkdir, open, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { exec } from './exec.ts'
import { createId } from './id.ts'
import { syncFileSystem } from './posix/libc.ts'

/** Replaces a file in one step; a crash leaves the old content or the new one. */
export async function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o640): Promise<void> {
  const temporary = `${path}.${createId()}.tmp`
  const file = await open(temporary, 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncDirectory(dirname(path))
}

/** Points a symbolic link at `target` by rename(2): readers see the old target or the new one, never none. */
export async function replaceSymlink(path: string, target: string): Promise<void> {
  const temporary = `${path}.${createId()}.tmp`
  await symlink(target, temporary)
  await rename(temporary, path)
}

/** What `replaceSymlink` names a link before it is renamed into its place; a crash leaves such behind. */
export const leftoverLink = /\.[a-z0-9]{16}\.tmp$/

/** Makes what was renamed or created in a directory survive a power cut (POSIX leaves this to fsync of the directory). */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Flushes the whole file system that holds a directory: a fresh tree of any size in one call. */
export async function flushFileSystemOf(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await syncFileSystem(directory.fd)
  } finally {
    await directory.close()
  }
}

export async function findSymlink(path: string): Promise<string | undefined> {
  return await absentAsUndefined(readlink(path))
}

export async function exists(path: string): Promise<boolean> {
  return (await absentAsUndefined(lstat(path))) !== undefined
}

/** Awaits a file operation; a missing file is an answer, not an error. */
export async function absentAsUndefined<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'EINVAL')) return undefined
    throw error
  }
}

export function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

export async function ensureDirectory(path: string, mode = 0o750): Promise<void> {
  await mkdir(path, { recursive: true, mode })
}

/** Removes a tree made by the platform itself; never follows a symbolic link out of it. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 2 })
  } catch (error) {
    // Deeper than a path can name, or somebody else removes at the same time: coreutils go down step by step, and mind neither.
    if (!['ENAMETOOLONG', 'ENOENT', 'ENOTEMPTY'].some((code) => hasErrorCode(error, code))) throw error
    await exec('rm', ['-rf', '--one-file-system', '--', path])
  }
}
