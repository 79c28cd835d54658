// A real edge in a home of its own, with small HTTP servers on unix sockets as instances.
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Server as NetServer } from 'node:net'
import { dirname, join } from 'node:path'
import { type Config, loadConfig } from '../../src/config/load.ts'
import { instancePath, releasePath } from '../../src/config/home.ts'
import { ensureSiteLogs } from '../../src/edge/access.ts'
import { edgePaths } from '../../src/edge/edge-paths.ts'
import { createEdge, type NginxEdge } from '../../src/edge/nginx.ts'
import type { WakeOutcome } from '../../src/edge/types.ts'
import { startWakeServer, type WakeServer } from '../../src/edge/wake.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { removeTree } from '../../src/lib/files.ts'
import { createId } from '../../src/lib/id.ts'
import { silentLog } from '../../src/lib/log.ts'
import { readDomain } from '../../src/names/domain-name.ts'
import { freePort } from './ports.ts'

export interface EdgeFixture {
  readonly config: Config
  readonly edge: NginxEdge
  readonly port: number
  readonly tlsPort: number
  readonly url: string
  /** Makes an instance whose edge tree holds `files`; no server yet, no route. */
  addInstance(site: string, files?: Readonly<Record<string, string | Buffer>>): Promise<string>
  /** Listens on the socket of an instance. */
  serve(instanceId: string, handler: RequestListener): Promise<Server>
  /** An instance with a server, and the site's route to it. */
  addSite(site: string, handler: RequestListener, files?: Readonly<Record<string, string | Buffer>>): Promise<string>
  socketOf(instanceId: string): string
  startWake(wake: (domain: string) => Promise<WakeOutcome>, timeoutMs?: number): Promise<WakeServer>
  /** Another edge in the same home, as a daemon that is started again would make it. */
  another(flags?: Readonly<Record<string, string>>): NginxEdge
  [Symbol.asyncDispose](): Promise<void>
}

export async function startEdge(flags: Readonly<Record<string, string>> = {}): Promise<EdgeFixture> {
  const directory = await mkdtemp('/tmp/edge-')
  await chmod(directory, 0o711)
  const port = await freePort()
  const tlsPort = await freePort()
  const given = {
    home: join(directory, 'home'),
    'run-link': join(directory, 'l'),
    'http-port': String(port),
    'https-port': String(tlsPort),
    ...flags,
  }
  const create = (more: Readonly<Record<string, string>> = {}) => {
    const config = loadConfig({ flags: { ...given, ...more }, env: {} })
    return { config, edge: createEdge({ config, clock: systemClock, log: silentLog, stopTimeoutMs: 1000 }) }
  }
  const { config, edge } = create()
  const servers: { close(): unknown; closeAllConnections?: () => void }[] = []
  const edges = [edge]
  try {
    await edge.start()
  } catch (error) {
    await edge.stop()
    await rm(directory, { recursive: true, force: true })
    throw error
  }

  const fixture: EdgeFixture = {
    config,
    edge,
    port,
    tlsPort,
    url: `http://127.0.0.1:${port}`,
    async addInstance(site, files = {}) {
      const { home } = config
      const id = createId()
      const release = releasePath(home, site, createId())
      for (const [name, content] of Object.entries(files)) await addFile(join(release, 'edge', name), content)
      await mkdir(join(instancePath(home, id), 'run'), { recursive: true })
      await chmod(join(instancePath(home, id), 'run'), 0o777)
      await ensureSiteLogs(home, site)
      await symlink(join(release, 'edge'), join(instancePath(home, id), 'edge'))
      await symlink(join('../../logs', site), join(instancePath(home, id), 'log'))
      return id
    },
    async serve(id, handler) {
      const server = createServer(handler)
      await listen(server, fixture.socketOf(id))
      servers.push(server)
      return server
    },
    async addSite(site, handler, files) {
      const id = await fixture.addInstance(site, files)
      await fixture.serve(id, handler)
      await edge.routes.point(readDomain(site), id)
      return id
    },
    socketOf: (id) => join(config.home.link, 'instances', id, 'run', 'web.sock'),
    async startWake(wake, timeoutMs = 10_000) {
      const server = await startWakeServer({
        path: edgePaths(config.home).wakeSocket,
        waker: { wake },
        log: silentLog,
        timeoutMs,
      })
      servers.push(server)
      return server
    },
    another(more) {
      const made = create(more).edge
      edges.push(made)
      return made
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections?.()
        await server.close()
      }
      // All at once: the supervisor of one would start again what another one ends.
      await Promise.all(edges.map((made) => made.stop()))
      await removeTree(directory)
    },
  }
  return fixture
}

async function addFile(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  await writeFile(path, content)
}

export async function listen(server: Server | NetServer, path: string): Promise<void> {
  await rm(path, { force: true })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  await chmod(path, 0o777)
}
