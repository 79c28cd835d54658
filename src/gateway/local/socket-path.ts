// A unix socket's path ends at 107 bytes (unix(7)); a home may lie deeper. Linux reaches it through the open directory then.
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

const longest = 107

export interface ReachablePath {
  readonly path: string
  /** To be called when the socket is bound or connected, and closed. */
  readonly release: () => Promise<void>
}

export async function reachable(path: string): Promise<ReachablePath> {
  if (Buffer.byteLength(path) <= longest) return { path, release: () => Promise.resolve() }
  const directory: FileHandle = await open(dirname(path), 'r')
  return { path: `/proc/self/fd/${directory.fd}/${basename(path)}`, release: () => directory.close() }
}
