// Makes the .gz and .br variants of a published file, beside it. Supplied variants win; a variant that isn't smaller isn't kept.
import { type FileHandle, open, readFile, stat } from 'node:fs/promises'
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
}

/** Measured in docs/why/040-static-sites.md: what a push changes is mostly little, and then the best is still quick. */
export function levelsFor(totalBytes: number): { gzip: number; brotli: number } {
  if (totalBytes <= 64 * 1024) return { gzip: 9, brotli: 9 }
  return totalBytes <= 4 * 1024 * 1024 ? { gzip: 6, brotli: 6 } : { gzip: 6, brotli: 4 }
}

export async function compressAll(files: readonly Compressible[]): Promise<void> {
  const wanted = files.filter(({ size }) => size > minBytes && size <= maxBytes)
  const levels = levelsFor(wanted.reduce((sum, { size }) => sum + size, 0))
  await forEachConcurrently(wanted, (file) => compressOne(file.path, levels), 4)
}

async function compressOne(path: string, levels: { gzip: number; brotli: number }): Promise<void> {
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
  const { atime, mtime } = await stat(toBytes(path))
  for (const [suffix, bytes] of [
    ['gz', gz],
    ['br', br],
  ] as const) {
    if (bytes.length < content.length) await writeVariant(`${path}.${suffix}`, bytes, { atime, mtime })
  }
}

/** With the time of the original, of which both servers make the ETag. */
async function writeVariant(path: string, bytes: Buffer, times: { atime: Date; mtime: Date }): Promise<void> {
  let file: FileHandle
  try {
    file = await open(toBytes(path), 'wx', 0o644)
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST') || hasErrorCode(error, 'ENAMETOOLONG')) return
    throw error
  }
  await using handle = file
  await handle.writeFile(bytes)
  await handle.utimes(times.atime, times.mtime)
}
