// From the configuration of the platform and what is found on the machine to what nginx's configuration depends on.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Config } from '../config/load.ts'
import { exists } from '../lib/files.ts'
import { edgePaths } from './edge-paths.ts'
import type { EdgeUser } from './edge-user.ts'
import { findNginxFeatures } from './nginx-features.ts'
import type { NginxOptions } from './nginx-options.ts'
import { readPages } from './pages.ts'

const moduleDirectory = '/usr/lib/nginx/modules'
const brotliModules = ['ngx_http_brotli_filter_module.so', 'ngx_http_brotli_static_module.so']

interface Found {
  readonly workers: EdgeUser | undefined
  /** ticket-keys.ts */
  readonly tickets: readonly string[]
}

export async function nginxOptions(config: Config, { workers, tickets }: Found): Promise<NginxOptions> {
  return {
    link: config.home.link,
    paths: edgePaths(config.home),
    listen: await listenAddresses(config['http-port']),
    listenTls: await listenAddresses(config['https-port']),
    httpPort: config['http-port'],
    httpsPort: config['https-port'],
    tickets,
    nginx: await findNginxFeatures(),
    // Only root can change users; an installed edge is started as the right one.
    workers: process.getuid?.() === 0 ? workers : undefined,
    modules: await findModules(),
    requestRate: config['request-rate'],
    maxConnectionsPerAddress: config['max-connections-per-address'],
    maxUploadMb: config['max-upload-mb'],
    mediaTypes: await readFile(new URL('../../nginx/mime.types', import.meta.url), 'utf8'),
    pages: await readPages(),
  }
}

async function findModules(): Promise<string[]> {
  const paths = brotliModules.map((name) => `${moduleDirectory}/${name}`)
  const found = await Promise.all(paths.map(exists))
  return paths.filter((_, index) => found[index])
}

async function listenAddresses(port: number): Promise<string[]> {
  return (await hasIpv6()) ? [String(port), `[::]:${port}`] : [String(port)]
}

/** A kernel without IPv6 refuses the socket; nginx would refuse to start. */
async function hasIpv6(): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '::', port: 0, ipv6Only: true }, () => server.close(() => resolve(true)))
  })
}
