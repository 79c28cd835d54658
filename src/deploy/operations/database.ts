// Databases as far as instances are concerned: a site's instance is replaced by one that knows of the change.
import { HostingError } from '../../errors/hosting-error.ts'
import { pause } from '../../lib/pause.ts'
import type { Site } from '../../store/sites.ts'
import type { Parts } from '../parts.ts'
import type { Print } from '../types.ts'
import { restartSite } from './power.ts'

const pollMs = 1000

export async function createDatabase(site: Site, print: Print, parts: Parts): Promise<boolean> {
  if (!(await parts.databases.ensure(site, print))) return false
  if (serves(site)) await restartSite(site, print, parts)
  return true
}

/** What runs keeps running, without a database. */
export async function removeDatabase(site: Site, { databases }: Parts): Promise<void> {
  await databases.remove(site)
}

/** For a while both passwords open the database: the old instance finishes with the one it was started with. */
export async function rotateDatabase(site: Site, print: Print, parts: Parts): Promise<void> {
  const { databases } = parts
  await databases.beginRotation(site)
  try {
    if (serves(site)) await restartSite(site, print, parts)
  } catch (error) {
    await databases.endRotation(site, 'undo')
    throw keptOld(site, error)
  }
  parts.background.run('take away a former database password', (signal) => finishRotation(site.id, signal, parts))
}

/** At start-up: those that were not finished before. */
export async function finishRotations(parts: Parts): Promise<void> {
  for (const { siteId } of await parts.databases.rotations())
    parts.background.run('take away a former database password', (signal) => finishRotation(siteId, signal, parts))
}

/** Once no instance is left that was started with it. */
async function finishRotation(siteId: number, signal: AbortSignal, parts: Parts): Promise<void> {
  while (!signal.aborted) {
    const since = (await parts.databases.rotations()).find((rotation) => rotation.siteId === siteId)?.since
    if (since === undefined) return
    const instances = await parts.store.instances.listOf(siteId)
    if (instances.every(({ created_at }) => created_at >= since)) {
      await parts.databases.endRotation(await parts.store.sites.get(siteId), 'keep-new')
      return
    }
    await pause(parts.clock, pollMs, signal)
  }
}

function serves({ state, live_release_id: live }: Site): boolean {
  return state === 'running' && live !== null
}

/** The usual reason: an installer wrote the password into a file of the application. */
function keptOld(site: Site, cause: unknown): unknown {
  if (!(cause instanceof HostingError)) return cause
  const { code, message, details } = cause
  return new HostingError(code, `${message}. The database keeps the password that it had`, {
    details,
    hint: `If a file of ${site.name} holds the password, make it read the variable DB_PASSWORD instead.`,
    cause,
  })
}
