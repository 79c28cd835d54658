// Who may go where in the home. The workers of nginx pass through and may write their logs; nobody else's user gets in.
//   home 0711 · routes, secure, gated, instances, releases 0710 · gates, certs, tls, challenges, logs, run 2710 · logs/<site> 3770 ·
//   run/edge 2770, all in the workers' group
import { chmod, chown, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, siteLogPath } from '../config/home.ts'
import { ensureDirectory } from '../lib/files.ts'
import type { EdgeUser } from './edge-user.ts'

/** Makes the directories that nginx passes through, with their modes. Idempotent; other parts of the home are left alone. */
export async function ensureEdgeAccess(home: Home, workers: EdgeUser | undefined): Promise<void> {
  await ensureDirectory(home.root, 0o711)
  await chmod(home.root, 0o711)
  for (const path of [home.routes, home.secure, home.gated, home.instances, home.releases])
    await open(path, 0o710, workers)
  // The set-group-ID bit hands the group down: to a new site's logs, to certificates and their keys, to the wake socket.
  for (const path of [home.gates, home.certificates, home.tls, home.challenges, home.logs, home.run])
    await open(path, 0o2710, workers)
  await open(join(home.run, 'edge'), 0o2770, workers)
  for (const site of await readdir(home.logs, { withFileTypes: true }))
    if (site.isDirectory()) await open(siteLogPath(home, site.name), 0o3770, workers)
}

/**
 * Makes the directory of a site's logs, where workers may add a file and the sticky bit keeps those of the platform from them.
 * Its group comes from the directory above. Call it before a route leads to an instance of the site.
 */
export async function ensureSiteLogs(home: Home, site: string): Promise<void> {
  const path = siteLogPath(home, site)
  await ensureDirectory(path)
  await chmod(path, 0o3770)
}

async function open(path: string, mode: number, workers: EdgeUser | undefined): Promise<void> {
  await ensureDirectory(path)
  if (workers !== undefined) await chown(path, process.getuid?.() ?? -1, workers.gid)
  // After chown: that one clears the set-group-ID bit (chown(2)).
  await chmod(path, mode)
}
