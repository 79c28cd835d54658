// The file system of a site's storage, in a sparse file: whole or not there, checked before it is mounted, grown when the quota was raised.
import { open, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HostingError } from '../../errors/hosting-error.ts'
import { exec, execOk } from '../../lib/exec.ts'
import { ensureDirectory, exists, syncDirectory } from '../../lib/files.ts'
import { findDevice } from './mounts.ts'
import type { Place } from './place.ts'

/** Each file takes an inode: as many as one a 16 kB, so that a site runs out of room before it does of those. */
const bytesPerInode = 16_384
/** The smallest that ext4 has: enough for a site, and crash-safe without a long check. */
const journalMb = 4

/** 5 ms for 1 GB: what is not zeroed now is zeroed later, by the kernel. */
export async function makeImage(
  { image, unfinished }: Place,
  { bytes, uid }: { bytes: number; uid: number },
): Promise<void> {
  await ensureDirectory(dirname(image), 0o700)
  await rm(unfinished, { force: true })
  await writeFile(unfinished, '', { flag: 'wx', mode: 0o600 })
  await truncate(unfinished, bytes)
  const extended = `lazy_itable_init=1,lazy_journal_init=1,root_owner=${uid}:${uid}`
  const options = ['-m', '0', '-b', '4096', '-i', String(bytesPerInode), '-J', `size=${journalMb}`, '-E', extended]
  await execOk('mkfs.ext4', ['-q', '-F', ...options, '--', unfinished])
  await sync(unfinished)
  await rename(unfinished, image)
  await syncDirectory(dirname(image))
}

/** Replays the journal and mends what a power cut left. Only while the image has no device. @throws HostingError unavailable */
export async function checkImage({ image }: Place): Promise<void> {
  const { exitCode, stdout, stderr } = await exec('e2fsck', ['-p', image])
  // e2fsck(8): 1 is "errors corrected".
  if (exitCode <= 1) return
  throw new HostingError('unavailable', `The storage in ${image} is damaged and was not mounted`, {
    details: `${stdout}${stderr}`.trim().split('\n'),
    hint: `e2fsck -f ${image}   on the server mends it, or put it back from a backup.`,
  })
}

/** Whether the file system is to be larger than it is. It never becomes smaller. */
export async function isSmaller(
  { image, growing }: Place,
  bytes: number,
): Promise<'image' | 'file system' | undefined> {
  if ((await stat(image)).size < bytes) return 'image'
  return (await exists(growing)) ? 'file system' : undefined
}

/** While it is not mounted. A crash in between leaves the mark, and it is done again. */
export async function growImage(place: Place, bytes: number): Promise<void> {
  await enlarge(place, bytes)
  await exec('e2fsck', ['-f', '-p', place.image])
  await execOk('resize2fs', [place.image])
  await rm(place.growing)
}

/** While it is mounted. The kernel may refuse (it wants CAP_SYS_RESOURCE): then the next mount does it. */
export async function growMounted(place: Place, bytes: number): Promise<void> {
  await enlarge(place, bytes)
  const device = await findDevice(place.image)
  if (device === undefined) return
  await execOk('losetup', ['--set-capacity', device])
  const { exitCode } = await exec('resize2fs', [device])
  if (exitCode === 0) await rm(place.growing)
}

async function enlarge({ image, growing }: Place, bytes: number): Promise<void> {
  await writeFile(growing, '', { mode: 0o600 })
  if ((await stat(image)).size < bytes) await truncate(image, bytes)
}

async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
}
