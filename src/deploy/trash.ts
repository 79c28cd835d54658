// What is to go: out of the way at once by a rename, gone later and slowly.
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '../lib/exec.ts'
import { absentAsUndefined } from '../lib/files.ts'
import { createId } from '../lib/id.ts'

const prefix = '.trash-'

export function isTrash(entry: string): boolean {
  return entry.startsWith(prefix)
}

/** @param place the directory in which it waits to be removed, on the same file system */
export async function moveToTrash(path: string, place: string): Promise<void> {
  await absentAsUndefined(rename(path, join(place, prefix + createId())))
}

/** At the lowest priority, by a process of its own: 100,000 files take half a minute. What is cut short goes on at the next start. */
export async function emptyTrash(place: string, signal: AbortSignal): Promise<void> {
  const entries = ((await absentAsUndefined(readdir(place))) ?? []).filter(isTrash)
  for (const entry of entries) await execOk('nice', ['-n', '19', 'rm', '-rf', '--', join(place, entry)], { signal })
}
