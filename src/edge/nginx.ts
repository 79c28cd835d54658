// The edge: renders, proves and applies nginx's configuration, and keeps the routing tree.
import { readFile } from 'node:fs/promises'
import type { Config } from '../config/load.ts'
import type { Clock } from '../lib/clock.ts'
import { absentAsUndefined, writeFileAtomic } from '../lib/files.ts'
import type { Log } from '../lib/log.ts'
import { ensureEdgeAccess } from './access.ts'
import { nginxOptions } from './edge-options.ts'
import { edgePaths } from './edge-paths.ts'
import { findEdgeUser } from './edge-user.ts'
import { ensureReloaded } from './installed.ts'
import { renderNginxConfig, versionOf } from './nginx-config.ts'
import { hasPaused } from './pause.ts'
import { proveConfig } from './proof.ts'
import { rotateLogs } from './rotate-logs.ts'
import { type RoutingTree, routesIn } from './routes.ts'
import { ensureRunLink, removeRunLink } from './run-link.ts'
import { endNginx, ensureServed, supervise } from './standalone.ts'
import type { Edge } from './types.ts'

const rotationIntervalMs = 60_000

export interface EdgeParts {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  /** How long requests in flight may take when nginx is ended. */
  readonly stopTimeoutMs?: number
}

export interface NginxEdge extends Edge {
  readonly routes: RoutingTree
  /** Starts a new piece of every log that has grown too large. Done each minute by itself. */
  rotateLogs(): Promise<void>
}

export function createEdge(parts: EdgeParts): NginxEdge {
  const { config, clock, log, stopTimeoutMs = 10_000 } = parts
  const { home, standalone } = config
  const nginx = { paths: edgePaths(home), port: config['http-port'], clock, log }
  const routes = routesIn(home)
  const stopping = new AbortController()
  const tasks: Promise<void>[] = []
  const rotate = () => rotateLogs(home, nginx.paths)

  return {
    routes,
    rotateLogs: rotate,
    async start() {
      const version = await ensureConfig(config)
      await routes.clean()
      await (standalone ? ensureServed(version, nginx) : ensureReloaded(version, nginx))
      if (standalone) tasks.push(supervise(version, { ...nginx, signal: stopping.signal }))
      tasks.push(rotateNowAndThen(rotate, { clock, log, signal: stopping.signal }))
    },
    async stop() {
      stopping.abort()
      await Promise.all(tasks)
      if (!standalone) return
      await endNginx(nginx, stopTimeoutMs)
      await removeRunLink(home)
    },
  }
}

/** Writes the configuration once nginx has accepted it, and returns its version. */
async function ensureConfig(config: Config): Promise<string> {
  const paths = edgePaths(config.home)
  const workers = await findEdgeUser(config['edge-user'])
  await ensureEdgeAccess(config.home, workers)
  await ensureRunLink(config.home)
  const options = await nginxOptions(config, workers)
  await proveConfig(options, paths)
  const rendered = renderNginxConfig(options)
  // An installed edge is reloaded whenever the file changes, and a reload ends idle connections: a daemon's restart alone must not.
  if ((await absentAsUndefined(readFile(paths.config, 'utf8'))) !== rendered)
    await writeFileAtomic(paths.config, rendered)
  return versionOf(options)
}

async function rotateNowAndThen(
  rotate: () => Promise<void>,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<void> {
  while (await hasPaused(clock, rotationIntervalMs, signal))
    await rotate().catch((error: unknown) => log.error({ err: error }, 'logs could not be rotated'))
}
