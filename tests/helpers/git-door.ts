// A door for git clients in tests: speaks git's own daemon protocol (gitprotocol-pack(5), "Git Transport") on a free port and hands the
// connection to servePack. No login: what is tested here lies behind it.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { servePack, type ServeRequest } from '../../src/git/serve.ts'
import type { GitService } from '../../src/git/types.ts'
import { silentLog } from '../../src/lib/log.ts'

export interface GitDoor extends AsyncDisposable {
  readonly url: string
  /** How many clients have come. */
  readonly begun: number
  /** What servePack resolved with and what git wrote to its standard error, in the order of the connections' ends. */
  readonly served: readonly { readonly status: number; readonly stderr: string }[]
}

export type DoorOptions = Pick<ServeRequest, 'repository'> &
  Partial<Pick<ServeRequest, 'hooks' | 'limits'>> & {
    /** Stands between the client and git. */
    readonly through?: (socket: Socket) => Readable
  }

export const acceptAll = { preReceive: async () => undefined, postReceive: async () => undefined }

export async function openGitDoor(options: DoorOptions): Promise<GitDoor> {
  const served: { status: number; stderr: string }[] = []
  const sockets = new Set<Socket>()
  let begun = 0
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    begun++
    sockets.add(socket.on('error', () => undefined).once('close', () => sockets.delete(socket)))
    void serve(socket, options).then((end) => served.push(end))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `git://127.0.0.1:${(server.address() as AddressInfo).port}/site`,
    served,
    get begun() {
      return begun
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function serve(
  socket: Socket,
  { through, ...options }: DoorOptions,
): Promise<{ status: number; stderr: string }> {
  const { service, gitProtocol } = await readRequest(socket)
  const stderr = new PassThrough()
  const said = text(stderr)
  const status = await servePack({
    service,
    streams: { stdin: through?.(socket) ?? socket, stdout: socket, stderr },
    ...(gitProtocol === undefined ? {} : { gitProtocol }),
    limits: { maxPackBytes: 100 * 1024 * 1024 },
    hooks: acceptAll,
    log: silentLog,
    ...options,
  })
  stderr.end()
  socket.end()
  return { status, stderr: await said }
}

/** `<length><service> <path>\0host=<host>\0[\0version=<n>\0]` */
async function readRequest(socket: Socket): Promise<{ service: GitService; gitProtocol?: string }> {
  const length = Number.parseInt((await take(socket, 4)).toString(), 16)
  const [command = '', , , version] = (await take(socket, length - 4)).toString().split('\0')
  const service = command.slice(0, command.indexOf(' ')) as GitService
  return { service, ...(version ? { gitProtocol: version } : {}) }
}

async function take(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(count) as Buffer | null
    if (bytes !== null) return bytes
    await once(socket, 'readable')
  }
}
