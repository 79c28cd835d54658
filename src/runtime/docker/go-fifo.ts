// The FIFO `go` in an instance's directory: a waiting instance reads a line from it once its release is complete.
// That directory is the tenant's to write, so nothing here follows a link or writes to anything but a FIFO.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '../../lib/files.ts'
import { lastError, makeFifo } from '../../lib/posix/libc.ts'

/** The reader may come later than the line, and a FIFO forgets its content with its last descriptor. */
const heldMs = 60_000

export interface GoFifos {
  /** Makes the FIFO; one that is there already stays. */
  make(instanceDirectory: string): Promise<void>
  /** Writes the line; resolves whether or not anyone reads it. */
  release(id: string, instanceDirectory: string): Promise<void>
  /** Lets go of the FIFO of an instance that is gone. */
  forget(id: string): Promise<void>
  close(): Promise<void>
}

export function createGoFifos(): GoFifos {
  const held = new Map<string, { file: FileHandle; timer: NodeJS.Timeout }>()

  async function forget(id: string): Promise<void> {
    const entry = held.get(id)
    if (entry === undefined) return
    held.delete(id)
    clearTimeout(entry.timer)
    await entry.file.close()
  }

  return {
    make,
    async release(id, instanceDirectory) {
      const file = await openFifo(join(instanceDirectory, 'go'))
      if (file === undefined) return
      await forget(id)
      held.set(id, { file, timer: setTimeout(() => void forget(id), heldMs).unref() })
      await file.write('\n')
    },
    forget,
    async close() {
      await Promise.all([...held.keys()].map(forget))
    },
  }
}

async function make(instanceDirectory: string): Promise<void> {
  const path = join(instanceDirectory, 'go')
  const made = makeFifo(path, 0o644) === 0
  const errno = lastError()
  const file = await openFifo(path)
  if (file === undefined) throw new Error(`mkfifo ${path} failed (errno ${errno}), and no FIFO is there`)
  // Whatever the umask: the instance, another user, reads it.
  if (made) await file.chmod(0o644)
  await file.close()
}

/** O_RDWR never blocks on a FIFO (fifo(7), Linux). Undefined when there is none. */
async function openFifo(path: string): Promise<FileHandle | undefined> {
  const file = await openUnlinked(path)
  if (file === undefined || (await file.stat()).isFIFO()) return file
  await file.close()
  return undefined
}

async function openUnlinked(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'EISDIR', 'ENXIO', 'EACCES'].some((code) => hasErrorCode(error, code))) return undefined
    throw error
  }
}
