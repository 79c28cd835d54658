// The nginx of an installed system: a unit of its own starts and restarts it; the daemon only tells it of a new configuration.
import { utimes } from 'node:fs/promises'
import { findMaster, signalNginx } from './nginx-process.ts'
import type { NginxParts } from './standalone.ts'
import { findServedVersion, isServed } from './version-probe.ts'

/** Reloads a running nginx whose configuration has changed. One that doesn't run will read it when its unit starts it. */
export async function ensureReloaded(version: string, parts: NginxParts): Promise<void> {
  const { log, paths, port } = parts
  const master = await findMaster(paths)
  if (master === undefined) {
    log.info('nginx does not run yet: hosting-edge.service starts it')
    return
  }
  if ((await findServedVersion(port)) === version) return
  // Another user's nginx: what watches the file (hosting-edge.path) may not have run when it was written.
  if (!signalNginx(master, 'SIGHUP')) await utimes(paths.config, new Date(), new Date())
  if (!(await isServed({ ...parts, version, timeoutMs: 10_000 })))
    log.error({ port, version }, 'nginx does not serve its new configuration: see run/edge/error.log')
}
