// Compresses a share of a large site in a thread of its own. This module is both sides: the caller's function, and what the thread runs.
import { Worker, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { type Compressible, compressOneSync, type Levels } from './compress-file.ts'

const shareSchema = z.strictObject({
  task: z.literal('compress'),
  files: z.array(z.object({ path: z.string(), size: z.number(), mtime: z.date() })),
  levels: z.object({ gzip: z.number(), brotli: z.number() }),
})

/** Resolves when all are done; `signal` ends the thread. */
export async function compressInThread(
  files: readonly Compressible[],
  levels: Levels,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const thread = new Worker(import.meta.filename, { workerData: { task: 'compress', files, levels } })
  const end = () => void thread.terminate()
  signal.addEventListener('abort', end, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      thread.once('error', reject)
      thread.once('exit', () => resolve())
    })
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', end)
  }
}

// Anywhere else (tests run in threads of their own too) the data is something else's.
const share = shareSchema.safeParse(workerData)
if (share.success) for (const file of share.data.files) compressOneSync(file, share.data.levels)
