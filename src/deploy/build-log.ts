// What a deploy prints, for whoever pushed and for `logs --source build` alike.
import { appendFile } from 'node:fs/promises'
import { dirname } from 'node:path'
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
