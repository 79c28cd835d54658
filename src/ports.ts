// Port 0 means any free one. nginx cannot be asked which it took, so one is chosen for it.
import { createServer } from 'node:net'
import type { Config } from './config/load.ts'

export async function withPorts(config: Config): Promise<Config> {
  const chosen = {
    'http-port': config['http-port'] || (await freePort()),
    'https-port': config['https-port'] || (await freePort()),
  }
  return Object.freeze({ ...config, ...chosen })
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no free port')),
      )
    })
  })
}
