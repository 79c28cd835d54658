// Reads small configuration files of a checked-out tree: regular files only, never through a symbolic link, never more than a limit.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { hasErrorCode } from '../lib/files.ts'
import { refuseProblems } from './problem.ts'

export interface RepositoryFile {
  /** Shown in errors. */
  readonly name: string
  readonly path: string | Buffer
  readonly maxBytes: number
}

/**
 * The content of a file, or undefined when there is none.
 * @throws HostingError invalid-site-config when it is not a regular file, or too large
 */
export async function readRepositoryFile({ name, path, maxBytes }: RepositoryFile): Promise<Buffer | undefined> {
  const file = await openRegular(path, name)
  if (file === undefined) return undefined
  await using handle = file
  const { size } = await handle.stat()
  if (size > maxBytes) refuseProblems([{ file: name, text: `it has ${size} bytes; at most ${maxBytes} are read` }])
  return await handle.readFile()
}

async function openRegular(path: string | Buffer, name: string) {
  try {
    // O_NONBLOCK: a FIFO that got into the tree must not hold up the daemon.
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ENOTDIR')) return undefined
    if (!hasErrorCode(error, 'ELOOP') && !hasErrorCode(error, 'ENXIO')) throw error
  }
  refuseProblems([{ file: name, text: 'it must be a regular file, not a link or a folder' }])
  return undefined
}
