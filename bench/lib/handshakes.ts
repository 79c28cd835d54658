// TLS handshakes, full ones or resumed ones, as fast as one client makes them. What they cost is read off the server's processor time.
import { once } from 'node:events'
import { connect, type ConnectionOptions } from 'node:tls'

export interface Server {
  readonly port: number
  readonly name: string
}

const atOnce = 16

/** Makes `count` handshakes. @param session resumed each time; without it each one is a full one */
export async function makeHandshakes(count: number, { port, name }: Server, session?: Buffer): Promise<void> {
  let left = count
  const options: ConnectionOptions = { host: '127.0.0.1', port, servername: name, rejectUnauthorized: false }
  const work = async () => {
    while (left-- > 0) {
      const socket = connect({ ...options, ...(session === undefined ? {} : { session }) })
      await once(socket, 'secureConnect')
      if (socket.isSessionReused() !== (session !== undefined))
        throw new Error(`a handshake with ${name} was of the other kind`)
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

export async function findSession({ port, name }: Server): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, servername: name, rejectUnauthorized: false })
  const [session] = (await once(socket, 'session')) as [Buffer]
  socket.destroy()
  return session
}
