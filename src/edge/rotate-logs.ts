// Access logs and nginx's error log, cut into pieces before they fill the disk: x.log → x.log.1 → x.log.2.
import { lstat, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, siteLogPath } from '../config/home.ts'
import { absentAsUndefined } from '../lib/files.ts'
import type { EdgePaths } from './edge-paths.ts'
import { findMaster, signalNginx } from './nginx-process.ts'

const largestBytes = 10 * 1024 * 1024

/** Renames every log that has grown too large. Nothing is opened or followed: workers may write to these directories. */
export async function rotateLogs(home: Home, paths: EdgePaths, maxBytes = largestBytes): Promise<void> {
  const sites = await readdir(home.logs)
  for (const site of sites) await rotate(join(siteLogPath(home, site), 'access.log'), maxBytes)
  const rotated = await rotate(paths.errorLog, maxBytes)
  if (!rotated) return
  // Access logs are opened anew by themselves (open_log_file_cache … valid); the error log isn't.
  const master = await findMaster(paths)
  if (master !== undefined) signalNginx(master, 'SIGUSR1')
}

async function rotate(path: string, maxBytes: number): Promise<boolean> {
  const found = await absentAsUndefined(lstat(path))
  if (found === undefined || found.size <= maxBytes) return false
  await absentAsUndefined(rename(`${path}.1`, `${path}.2`))
  await rename(path, `${path}.1`)
  return true
}
