// Takes the control socket of a home: only for its owner (mode 0600), and only when no other daemon answers there.
import { chmod, rename, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { HostingError } from '../../errors/hosting-error.ts'
import { absentAsUndefined, ensureDirectory, hasErrorCode } from '../../lib/files.ts'
import { createId } from '../../lib/id.ts'
import { dirname } from 'node:path'
import { reachable, type ReachablePath } from './socket-path.ts'

/** @throws HostingError conflict when a daemon answers on it */
export async function listenAlone(server: Server, path: string): Promise<ReachablePath> {
  await ensureDirectory(dirname(path), 0o711)
  const socket = await reachable(path)
  try {
    await removeStale(socket.path)
    await bind(server, socket.path)
    await chmod(socket.path, 0o600)
    return socket
  } catch (error) {
    await socket.release()
    throw hasErrorCode(error, 'EADDRINUSE') ? inUse() : error
  }
}

/** Moved aside before it is removed: if another daemon has bound it in between, that one's socket goes back to its place. */
async function removeStale(path: string): Promise<void> {
  if (await answers(path)) throw inUse()
  const aside = `${path}.${createId()}`
  if ((await absentAsUndefined(rename(path, aside).then(() => true))) === undefined) return
  if (await answers(aside)) {
    await rename(aside, path)
    throw inUse()
  }
  await unlink(aside)
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = connect({ path })
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

/** The umask, not a later chmod, keeps others out from the first moment; binding happens within `listen`. */
async function bind(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const before = process.umask(0o177)
    server.listen({ path }, () => {
      server.off('error', reject)
      resolve()
    })
    process.umask(before)
  })
}

function inUse(): HostingError {
  return new HostingError('conflict', 'The platform is running already with this home', {
    hint: 'Stop the other one first, or give this one a home of its own: --home DIRECTORY',
  })
}
