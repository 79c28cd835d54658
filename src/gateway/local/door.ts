// The door for whoever sits at the server: the control socket. Its file mode is the authentication; who comes in acts as the first admin.
import { createServer, type Socket } from 'node:net'
import { HostingError, toHostingError } from '../../errors/hosting-error.ts'
import { renderError } from '../../errors/render.ts'
import type { Log } from '../../lib/log.ts'
import type { Account } from '../../store/accounts.ts'
import type { Store } from '../../store/store.ts'
import type { Handlers, Request } from '../session.ts'
import { listenAlone } from './listen.ts'
import { type Open, receiveVisit } from './visit.ts'

export interface LocalDoorParts {
  readonly path: string
  readonly handlers: Handlers
  readonly store: Store
  readonly log: Log
}

export interface LocalDoor {
  close(): Promise<void>
}

/** @throws HostingError conflict when another daemon has this home */
export async function startLocalDoor({ path, handlers, store, log }: LocalDoorParts): Promise<LocalDoor> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    receiveVisit(socket, {
      log,
      run: async (visitor, open) => {
        const account = await firstAdmin(store)
        return await handle(handlers, { ...visitor, account, door: 'local', remoteAddress: 'local' }, open)
      },
      explain: (thrown) => explain(thrown, log),
    })
  })
  const socket = await listenAlone(server, path)
  server.on('error', (error) => log.error({ err: error }, 'the local door could not take a connection'))
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const open of sockets) open.destroy()
      await closed
      await socket.release()
    },
  }
}

async function handle(handlers: Handlers, request: Request, { commandLine }: Open): Promise<number> {
  return commandLine === undefined ? await handlers.shell(request) : await handlers.exec(request, commandLine)
}

/** @throws HostingError not-found */
async function firstAdmin(store: Store): Promise<Account> {
  const admins = (await store.accounts.list()).filter(({ role }) => role === 'admin')
  const [first] = admins.sort((one, other) => one.id - other.id)
  if (first !== undefined) return first
  throw new HostingError('not-found', 'This platform has no admin yet, so there is nobody to act as', {
    hint: 'Make a key with ssh-keygen -t ed25519, then start the platform with --admin-keys ~/.ssh/id_ed25519.pub',
  })
}

function explain(thrown: unknown, log: Log): { lines: string[]; status: number } {
  const error = toHostingError(thrown, (reference, cause) =>
    log.error({ err: cause, reference }, 'a local request failed'),
  )
  return { lines: renderError(error), status: error.exitCode }
}
