// Ports for daemons under test: below the kernel's ephemeral range, so that no outgoing connection takes one in between.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

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
