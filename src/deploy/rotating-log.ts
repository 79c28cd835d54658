// A log of a site that the platform writes: x.log and, once that is over 5 MB, x.log.1.
import { appendFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { absentAsUndefined, ensureDirectory } from '../lib/files.ts'
import { readRotatedTail } from '../lib/tail.ts'

const maxLogBytes = 5 * 1024 * 1024

/** Writers take turns: two that rotate at once would lose the older file. */
let lastWrite: Promise<void> = Promise.resolve()

/** @param text whole lines with their ends */
export async function appendToLog(path: string, text: string): Promise<void> {
  const write = lastWrite.then(() => append(path, text))
  lastWrite = write.catch(() => undefined)
  await write
}

/** The last `count` lines, oldest first, over both files. */
export async function readLog(path: string, count: number): Promise<string[]> {
  return (await readRotatedTail(path, count)).lines
}

/** A text that came from a site, as part of a line: with line ends in it, it could forge others. */
export function onOneLine(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')
}

async function append(path: string, text: string): Promise<void> {
  if (text === '') return
  await ensureDirectory(dirname(path))
  const size = (await absentAsUndefined(stat(path)))?.size ?? 0
  if (size > maxLogBytes) await rename(path, `${path}.1`)
  await appendFile(path, text, { mode: 0o640 })
}
