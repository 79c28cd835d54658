// The variants of one file, beside it. Supplied variants win; a variant that isn't smaller isn't kept.
import { closeSync, futimesSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { type BrotliOptions, brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib'
import { hasErrorCode } from '../../lib/files.ts'
import { toBytes } from './byte-string.ts'

export interface Compressible {
  /** Absolute, byte string. */
  readonly path: string
  readonly size: number
  /** Given to the variants too: both servers make the ETag of it. */
  readonly mtime: Date
}

export interface Levels {
  readonly gzip: number
  readonly brotli: number
}

const gzipAsync = promisify(gzip)
const brotliAsync = promisify(brotliCompress)

/** Waits for the compression in the thread pool: for a few files. */
export async function compressOne(file: Compressible, levels: Levels): Promise<void> {
  const content = await readFile(toBytes(file.path))
  const [gz, br] = await Promise.all([
    gzipAsync(content, { level: levels.gzip }),
    brotliAsync(content, brotliOptions(content, levels)),
  ])
  keepSmaller(file, content, { gz, br })
}

/** Blocks its thread: for threads that do nothing else. */
export function compressOneSync(file: Compressible, levels: Levels): void {
  const content = readFileSync(toBytes(file.path))
  const gz = gzipSync(content, { level: levels.gzip })
  keepSmaller(file, content, { gz, br: brotliCompressSync(content, brotliOptions(content, levels)) })
}

function brotliOptions(content: Buffer, { brotli }: Levels): BrotliOptions {
  return {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: brotli,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    },
  }
}

function keepSmaller({ path, mtime }: Compressible, content: Buffer, variants: { gz: Buffer; br: Buffer }): void {
  for (const [suffix, bytes] of Object.entries(variants)) {
    if (bytes.length < content.length) writeVariant(`${path}.${suffix}`, bytes, mtime)
  }
}

function writeVariant(path: string, bytes: Buffer, mtime: Date): void {
  const file = openNew(path)
  if (file === undefined) return
  try {
    writeFileSync(file, bytes)
    futimesSync(file, mtime, mtime)
  } finally {
    closeSync(file)
  }
}

function openNew(path: string): number | undefined {
  try {
    return openSync(toBytes(path), 'wx', 0o644)
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST') || hasErrorCode(error, 'ENAMETOOLONG')) return undefined
    throw error
  }
}
