// Ports for daemons under test: below the kernel's ephemeral range, so that no outgoing connection takes one in between. Test files that
// run side by side have ranges of their own: a port that one has asked for is free until its daemon listens, and while that is down.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const first = 20_000
const most = 12_000
const ranges = 8
const given = new Set<number>()

export async function freePort(): Promise<number> {
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % ranges
  const port = first + (worker * most) / ranges + randomInt(most / ranges)
  if (given.has(port)) return await freePort()
  given.add(port)
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
