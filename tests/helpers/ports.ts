// Ports for daemons under test: below the kernel's ephemeral range, so that no outgoing connection takes one in between.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_000)
  const server = createServer()
  try {
    server.listen(port)
    await once(server, 'listening')
    return port
  } catch {
    return await freePort()
  } finally {
    server.close()
  }
}

export async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
