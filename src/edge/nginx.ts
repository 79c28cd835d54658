// The edge: renders, proves and applies nginx's configuration, and keeps the routing tree.
import { readFile } from 'node:fs/promises'
import { sendsToHttps } from '../config/https.ts'
import type { Config } from '../config/load.ts'
import type { Clock } from '../lib/clock.ts'
import { absentAsUndefined, writeFileAtomic } from '../lib/files.ts'
import type { Log } from '../lib/log.ts'
import { ensureEdgeAccess } from './access.ts'
import { nginxOptions } from './edge-options.ts'
import { edgePaths } from './edge-paths.ts'
import { findEdgeUser } from './edge-user.ts'
import { entriesIn } from './entries.ts'
import { ensureReloaded } from './installed.ts'
import { renderNginxConfig, versionOf } from './nginx-config.ts'
import { hasPaused } from './pause.ts'
import { proveConfig } from './proof.ts'
import { rotateLogs } from './rotate-logs.ts'
import { type RoutingTree, routesIn } from './routes.ts'
import { ensureRunLink, removeRunLink } from './run-link.ts'
import { siteFlagsOf } from './site-flags.ts'
import { endNginx, ensureServed, type NginxParts, supervise } from './standalone.ts'
import { ensureTicketKeys, removeOldTicketKeys } from './ticket-keys.ts'
import { tlsTreeIn } from './tls-tree.ts'
import type { Edge } from './types.ts'

const rotationIntervalMs = 60_000
const hourMs = 3600_000

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
  /** Has nginx use a new key for session tickets where the one it has is a day old. Asked each hour by itself. */
  rotateTickets(): Promise<void>
}

export function createEdge(parts: EdgeParts): NginxEdge {
  const { config, clock, log, stopTimeoutMs = 10_000 } = parts
  const { home, standalone } = config
  const nginx = { paths: edgePaths(home), port: config['http-port'], clock, log }
  // A certificate of a trial run's own CA is known to nobody: a visitor who is sent there sees a warning instead of the site.
  const entries = entriesIn(home, { toHttps: sendsToHttps(config) })
  const routes = routesIn(home, entries)
  const tls = tlsTreeIn(home, (domain) => entries.change(domain, async () => {}))
  const stopping = new AbortController()
  const tasks: Promise<void>[] = []
  const rotate = () => rotateLogs(home, nginx.paths)

  let version = ''
  const apply = async () => {
    version = await applyConfig(config, nginx)
  }

  return {
    routes,
    tls,
    flags: siteFlagsOf(entries),
    rotateLogs: rotate,
    rotateTickets: apply,
    async start() {
      await apply()
      await routes.clean()
      await tls.clean()
      if (standalone) tasks.push(supervise(() => version, { ...nginx, signal: stopping.signal }))
      tasks.push(rotateTicketsDaily(apply, { clock, log, signal: stopping.signal }))
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

/** Sees to it that nginx serves what the configuration says now; of session tickets that is another thing every day. */
async function applyConfig(config: Config, nginx: NginxParts): Promise<string> {
  const { version, tickets } = await ensureConfig(config, nginx)
  await (config.standalone ? ensureServed(version, nginx) : ensureReloaded(version, nginx))
  await removeOldTicketKeys(nginx.paths.tickets, tickets)
  return version
}

/** Writes the configuration once nginx has accepted it. */
async function ensureConfig(
  config: Config,
  { paths, clock }: NginxParts,
): Promise<{ version: string; tickets: string[] }> {
  const workers = await findEdgeUser(config['edge-user'])
  await ensureEdgeAccess(config.home, workers)
  await ensureRunLink(config.home)
  const tickets = await ensureTicketKeys(paths.tickets, clock.now())
  const options = await nginxOptions(config, { workers, tickets })
  await proveConfig(options, paths)
  const rendered = renderNginxConfig(options)
  // An installed edge is reloaded whenever the file changes, and a reload ends idle connections: a daemon's restart alone must not.
  if ((await absentAsUndefined(readFile(paths.config, 'utf8'))) !== rendered)
    await writeFileAtomic(paths.config, rendered)
  return { version: versionOf(options), tickets }
}

/** Asks each hour, so that a machine that slept is late by an hour at most. Each change costs idle connections: once a day, then. */
async function rotateTicketsDaily(
  rotate: () => Promise<void>,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<void> {
  while (await hasPaused(clock, hourMs, signal))
    await rotate().catch((error: unknown) =>
      log.error({ err: error }, 'the keys of session tickets could not be rotated'),
    )
}

async function rotateNowAndThen(
  rotate: () => Promise<void>,
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<void> {
  while (await hasPaused(clock, rotationIntervalMs, signal))
    await rotate().catch((error: unknown) => log.error({ err: error }, 'logs could not be rotated'))
}
