// What is to go: out of the way at once by a rename, gone later and slowly.
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { exec, execOk } from '../lib/exec.ts'
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

/** Whoever still writes there is being thrown out. */
const tries = 4
const againAfterMs = 3000

/** At the lowest priority, by a process of its own: 100,000 files take half a minute. What is cut short goes on at the next start. */
export async function emptyTrash(place: string, signal: AbortSignal): Promise<void> {
  const entries = ((await absentAsUndefined(readdir(place))) ?? []).filter(isTrash)
  for (const entry of entries) await removeSlowly(join(place, entry), signal)
}

async function removeSlowly(path: string, signal: AbortSignal): Promise<void> {
  const command = ['-n', '19', 'rm', '-rf', '--', path]
  for (let left = tries; left > 1; left--) {
    if ((await exec('nice', command, { signal })).exitCode === 0) return
    await delay(againAfterMs, undefined, { signal })
  }
  await execOk('nice', command, { signal })
}
