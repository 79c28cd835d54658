// The nginx of an installed system: a unit of its own starts and restarts it; the daemon only tells it of a new configuration.
import { utimes } from 'node:fs/promises'
import { findMaster, signalNginx } from './nginx-process.ts'
import type { NginxParts } from './standalone.ts'
import { findServedVersion, isServed } from './version-probe.ts'

/**
 * Sees to it that nginx serves the configuration of this version: its units start or reload it when the file changes. A port that
 * is taken, or an edge that somebody has stopped, is logged and no more: everything besides goes on without it.
 */
export async function ensureReloaded(version: string, parts: NginxParts): Promise<void> {
  const { log, paths, port } = parts
  if ((await findServedVersion(port)) === version) return
  const master = await findMaster(paths)
  // Another user's nginx: what watches the file (hosting-edge.path) may not have run when it was written.
  if (master !== undefined && !signalNginx(master, 'SIGHUP')) await utimes(paths.config, new Date(), new Date())
  if (await isServed({ ...parts, version, timeoutMs: 10_000 })) return
  log.error({ port, version }, 'nginx does not serve this configuration: journalctl -u hosting-edge tells why')
}
