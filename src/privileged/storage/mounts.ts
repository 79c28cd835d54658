// Mounts images by loop devices. The kernel gives a device back by itself once the last mount of it has gone, those in containers included.
import { lstat, mkdir, readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { exec, execOk } from '../../lib/exec.ts'
import { absentAsUndefined } from '../../lib/files.ts'

/** discard: what a site removes is room for the others again. A broken file system is not written to. */
const mountOptions = 'rw,nosuid,nodev,noatime,discard,errors=remount-ro'

export async function isMounted(directory: string): Promise<boolean> {
  const found = await absentAsUndefined(lstat(directory))
  return found !== undefined && found.dev !== (await lstat(dirname(directory))).dev
}

/** The device that an image has already: one mounted twice by two devices would be written to by two file systems. */
export async function findDevice(image: string): Promise<string | undefined> {
  const found = await execOk('losetup', ['--associated', image, '--noheadings', '--output', 'NAME'])
  return found.split('\n').map((line) => line.trim())[0] || undefined
}

/** @param directory root's own: while nothing is mounted there, no site can write there */
export async function mount(image: string, directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700, recursive: true })
  const device = await findDevice(image)
  if (device !== undefined && (await mountDevice(device, directory))) return
  // Where a device was found and is gone by now, what used it has just ended.
  if ((await findDevice(image)) !== undefined) throw new Error(`${image} has a device that cannot be mounted`)
  await execOk('mount', ['-t', 'ext4', '-o', `loop,${mountOptions}`, '--', image, directory])
}

async function mountDevice(device: string, directory: string): Promise<boolean> {
  return (await exec('mount', ['-t', 'ext4', '-o', mountOptions, '--', device, directory])).exitCode === 0
}

/** Out of the way at once; where something still uses it, it ends with that. */
export async function unmount(directory: string): Promise<void> {
  const { exitCode } = await exec('umount', ['--', directory])
  if (exitCode !== 0 && (await isMounted(directory))) await execOk('umount', ['--lazy', '--', directory])
}

export async function mountsBelow(directory: string): Promise<string[]> {
  const root = await absentAsUndefined(realpath(directory))
  if (root === undefined) return []
  return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8')).filter((path) => path.startsWith(`${root}/`))
}

/** The mount points, in the order in which they were mounted. Pure; proc_pid_mountinfo(5). */
export function parseMountInfo(text: string): string[] {
  const points = text.split('\n').flatMap((line) => line.split(' ')[4] ?? [])
  return points.map((path) =>
    path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
  )
}
