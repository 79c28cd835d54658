// Takes storage away: out of reach at once by a rename, its files removed afterwards.
import { readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { exec } from '../../lib/exec.ts'
import { absentAsUndefined } from '../../lib/files.ts'
import { createId } from '../../lib/id.ts'
import type { Takes } from '../verbs.ts'
import { isMounted, mountsBelow, unmount } from './mounts.ts'
import { imagesDirectory, imageSuffix, isTrash, placeOf, trashPath } from './place.ts'

export async function discard({ name }: Takes<'discard'>, storage: string): Promise<void> {
  const { directory, image, growing, unfinished } = placeOf(storage, name)
  if (await isMounted(directory)) await unmount(directory)
  const trash = trashPath(storage, createId())
  await absentAsUndefined(rename(directory, trash))
  await absentAsUndefined(rename(image, `${trash}${imageSuffix}`))
  for (const path of [growing, unfinished]) await absentAsUndefined(unlink(path))
}

/**
 * rm(1) works by descriptors and follows no link. Where a site's files belong to others than this process (no root, no image), what can't
 * be removed stays.
 */
export async function sweep(storage: string): Promise<void> {
  const entries = ((await absentAsUndefined(readdir(storage))) ?? []).filter(isTrash)
  if (entries.length === 0) return
  await exec('rm', ['-rf', '--one-file-system', '--', ...entries.map((entry) => join(storage, entry))])
}

/** @param known names of all sites there are */
export async function settle({ known }: Takes<'settle'>, storage: string): Promise<void> {
  const names = new Set<string>(known)
  const images = ((await absentAsUndefined(readdir(join(storage, imagesDirectory)))) ?? []).map(siteOfImage)
  const directories = ((await absentAsUndefined(readdir(storage))) ?? []).filter((entry) => !entry.startsWith('.'))
  const unknown = new Set([...images, ...directories].filter((name) => !names.has(name)))
  for (const name of unknown) await discard({ name: name as Takes<'discard'>['name'] }, storage)
}

export async function unmountAll(storage: string): Promise<void> {
  for (const directory of (await mountsBelow(storage)).reverse()) await unmount(directory)
}

function siteOfImage(entry: string): string {
  return entry.replace(/\.img(~\w+)?$/, '')
}
