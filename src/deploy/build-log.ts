// What a deploy prints, for whoever pushed and for `logs --source build` alike.
import { appendFile, readdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ensureDirectory } from '../lib/files.ts'
import type { Print } from './types.ts'

/** @returns a print that also appends to the file, in order; a full disk silences the file, not the pusher */
export async function openBuildLog(path: string, print: Print): Promise<Print> {
  await ensureDirectory(dirname(path))
  let written = Promise.resolve()
  return (line) => {
    print(line)
    written = written.then(() => appendFile(path, `${line}\n`, { mode: 0o640 })).catch(() => undefined)
  }
}

/** More than the releases that are kept: why an earlier push was refused is asked some pushes later. */
const logsKept = 50

/** Removes the oldest build logs of a site. Their names are ids of releases, which sort by time. */
export async function pruneBuildLogs(directory: string): Promise<void> {
  const names = (await readdir(directory)).sort()
  for (const name of names.slice(0, -logsKept)) await unlink(join(directory, name))
}
