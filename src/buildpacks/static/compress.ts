// Makes the .gz and .br variants of published files. A few at once are done here, many in threads of their own, so that a large
// first push neither takes the daemon's time nor the threads that its file operations need.
import { availableParallelism } from 'node:os'
import { type Compressible, compressOne, type Levels } from './compress-file.ts'
import { compressInThread } from './compress-thread.ts'

const minBytes = 1024
const maxBytes = 16 * 1024 * 1024
/** So much is done in less time than a thread takes to start. */
const fewFiles = 40

const muchBytes = 32 * 1024 * 1024

/**
 * Measured (docs/why/040): brotli 5 is as small as 9 in a sixth of the time; 10 saves another 15 % but takes 0.7 ms a kB,
 * which only a small change is worth while somebody waits for the push. A large first push costs half with brotli 3.
 */
export function levelsFor(totalBytes: number): Levels {
  if (totalBytes > muchBytes) return { gzip: 4, brotli: 3 }
  return { gzip: 6, brotli: totalBytes <= 8 * 1024 ? 10 : 5 }
}

export async function compressAll(files: readonly Compressible[], signal: AbortSignal): Promise<void> {
  const wanted = files.filter(({ size }) => size > minBytes && size <= maxBytes)
  const levels = levelsFor(wanted.reduce((sum, { size }) => sum + size, 0))
  if (wanted.length > fewFiles) await compressInThreads(wanted, levels, signal)
  else await Promise.all(wanted.map((file) => compressOne(file, levels)))
}

async function compressInThreads(files: readonly Compressible[], levels: Levels, signal: AbortSignal): Promise<void> {
  const threads = availableParallelism()
  const shares = Array.from({ length: threads }, (_, index) => files.filter((_, number) => number % threads === index))
  await Promise.all(shares.map((share) => compressInThread(share, levels, signal)))
}
