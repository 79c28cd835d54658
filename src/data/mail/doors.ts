// A unix socket a site, in a directory that only its own instances have mounted (read-only): by it the platform knows whose mail it is.
// The directory above lets nobody else's user through, so that the sockets need no owner.
import { readdir, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Home } from '../../config/home.ts'
import { ensureDirectory, removeTree } from '../../lib/files.ts'

export interface Doors {
  /** Sites that have had a door, and may have instances that knock. */
  known(): Promise<readonly number[]>
  /** Idempotent. @returns the directory of the site's socket */
  open(siteId: number, welcome: (socket: Socket) => void): Promise<string>
  /** Removes the directory as well. */
  remove(siteId: number): Promise<void>
  /** Stops listening; the directories stay, for instances that outlive the platform. */
  close(): Promise<void>
}

export function createDoors(home: Pick<Home, 'mail' | 'link'>): Doors {
  const servers = new Map<number, Promise<Server>>()
  const directoryOf = (siteId: number) => join(home.mail, String(siteId))
  // By way of the short link: a unix socket's path ends at 107 bytes (unix(7)).
  const socketOf = (siteId: number) => join(home.link, 'mail', String(siteId), 'mail.sock')
  return {
    async known() {
      await ensureDirectory(home.mail, 0o700)
      return (await readdir(home.mail)).map(Number).filter(Number.isInteger)
    },
    async open(siteId, welcome) {
      const opening =
        servers.get(siteId) ?? openDoor({ home, directory: directoryOf(siteId), path: socketOf(siteId), welcome })
      servers.set(siteId, opening)
      await opening.catch((error: unknown) => {
        servers.delete(siteId)
        throw error
      })
      return directoryOf(siteId)
    },
    async remove(siteId) {
      const server = await servers.get(siteId)
      servers.delete(siteId)
      server?.close()
      await removeTree(directoryOf(siteId))
    },
    async close() {
      for (const opening of servers.values()) (await opening).close()
    },
  }
}

interface Door {
  readonly home: Pick<Home, 'mail'>
  readonly directory: string
  readonly path: string
  readonly welcome: (socket: Socket) => void
}

async function openDoor({ home, directory, path, welcome }: Door): Promise<Server> {
  await ensureDirectory(home.mail, 0o700)
  await ensureDirectory(directory, 0o755)
  // Left by a platform that was killed; no other one has this home.
  await rm(path, { force: true })
  const server = createServer(welcome)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ path, readableAll: true, writableAll: true }, resolve)
  })
  return server
}
