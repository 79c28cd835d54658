// The short alias of the home (home.link): unix sockets need a path of at most 107 bytes, and workers one that they may walk.
// A symbolic link where every directory above the home lets others pass; else (a trial run below /root) a bind mount.
import { lstat, mkdir, readFile, rm, rmdir, stat, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Home } from '../config/home.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { execOk } from '../lib/exec.ts'
import { absentAsUndefined, ensureDirectory, findSymlink, hasErrorCode } from '../lib/files.ts'

/**
 * Makes home.link lead to home.root. What an earlier run left (a link, a mount of a home that is gone) is replaced.
 * @throws HostingError invalid-config when the path is taken, or may not be made by this user
 */
export async function ensureRunLink(home: Home): Promise<void> {
  // Who isn't root can't mount, and needn't: its workers are the same user.
  const asLink = process.getuid?.() !== 0 || (await isOpenToOthers(home.root))
  if ((await leadsTo(home)) && asLink === ((await findSymlink(home.link)) !== undefined)) return
  await removeRunLink(home)
  try {
    await ensureDirectory(dirname(home.link), 0o755)
    await (asLink ? symlink(home.root, home.link) : bindMount(home))
  } catch (error) {
    if (!hasErrorCode(error, 'EACCES') && !hasErrorCode(error, 'EPERM') && !hasErrorCode(error, 'EEXIST')) throw error
    throw unusable(home, error)
  }
}

/** Removes home.link and nothing else: a mount is unmounted, never emptied. */
export async function removeRunLink(home: Home): Promise<void> {
  const found = await absentAsUndefined(lstat(home.link))
  if (found === undefined) return
  if (found.isSymbolicLink()) {
    await rm(home.link)
    return
  }
  if (!found.isDirectory()) throw unusable(home)
  // Lazily: something may still have its working directory there. More than one may lie on top of another.
  while (await isMountPoint(home.link)) await execOk('umount', ['--lazy', '--no-canonicalize', home.link])
  await rmdir(home.link).catch((error: unknown) => {
    throw unusable(home, error)
  })
}

async function bindMount({ root, link }: Home): Promise<void> {
  await mkdir(link)
  await execOk('mount', ['--bind', root, link])
}

async function leadsTo({ root, link }: Home): Promise<boolean> {
  const [home, found] = await Promise.all([stat(root), absentAsUndefined(stat(link))])
  return found !== undefined && found.dev === home.dev && found.ino === home.ino
}

/** Fields of a line are separated by blanks, the fifth is the mount point (proc_pid_mountinfo(5)); a short path needs no unescaping. */
async function isMountPoint(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  return mounts.split('\n').some((line) => line.split(' ')[4] === path)
}

/** Whether any user may walk to a directory (the execute bit for others, on everything above it). */
async function isOpenToOthers(path: string): Promise<boolean> {
  const parent = dirname(path)
  if (((await stat(parent)).mode & 0o001) === 0) return false
  return parent === '/' || (await isOpenToOthers(parent))
}

function unusable(home: Home, cause?: unknown): HostingError {
  return new HostingError('invalid-config', `The short path ${home.link} can't be made to lead to ${home.root}`, {
    hint: 'Set run-link to a path of at most 20 characters that this user may make and nothing else uses.',
    cause,
  })
}
