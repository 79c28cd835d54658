// Makes the .gz and .br variants of a published file, beside it. Supplied variants win; a variant that isn't smaller isn't kept.
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { hasErrorCode } from '../../lib/files.ts'
import { toBytes } from './byte-string.ts'
import { forEachConcurrently } from './concurrently.ts'

const deflate = promisify(gzip)
const brotli = promisify(brotliCompress)

export const minBytes = 1024
const maxBytes = 16 * 1024 * 1024

export interface Compressible {
  /** Absolute, byte string. */
  readonly path: string
  readonly size: number
  /** Given to the variants too: both servers make the ETag of it. */
  readonly mtime: Date
}

/**
 * Measured (docs/why/040): brotli 5 is as small as 9 in a sixth of the time; 10 saves another 15 % but takes 0.7 ms a kB,
 * which only a small change is worth while somebody waits for the push.
 */
export function levelsFor(totalBytes: number): { gzip: number; brotli: number } {
  return { gzip: 6, brotli: totalBytes <= 8 * 1024 ? 10 : 5 }
}

export async function compressAll(files: readonly Compressible[]): Promise<void> {
  const wanted = files.filter(({ size }) => size > minBytes && size <= maxBytes)
  const levels = levelsFor(wanted.reduce((sum, { size }) => sum + size, 0))
  await forEachConcurrently(wanted, (file) => compressOne(file, levels), 4)
}

async function compressOne({ path, mtime }: Compressible, levels: { gzip: number; brotli: number }): Promise<void> {
  const content = await readFile(toBytes(path))
  const [gz, br] = await Promise.all([
    deflate(content, { level: levels.gzip }),
    brotli(content, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: levels.brotli,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      },
    }),
  ])
  for (const [suffix, bytes] of [
    ['gz', gz],
    ['br', br],
  ] as const) {
    if (bytes.length < content.length) await writeVariant(`${path}.${suffix}`, bytes, mtime)
  }
}

async function writeVariant(path: string, bytes: Buffer, mtime: Date): Promise<void> {
  let file: FileHandle
  try {
    file = await open(toBytes(path), 'wx', 0o644)
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST') || hasErrorCode(error, 'ENAMETOOLONG')) return
    throw error
  }
  await using handle = file
  await handle.writeFile(bytes)
  await handle.utimes(mtime, mtime)
}
