// Databases as far as instances are concerned: a site's instance is replaced by one that knows of the change.
import { HostingError } from '../../errors/hosting-error.ts'
import type { Site } from '../../store/sites.ts'
import type { Parts } from '../parts.ts'
import type { Print } from '../types.ts'
import { wakeSite } from '../waker.ts'
import { restartSite } from './power.ts'

const pollMs = 200

export async function createDatabase(site: Site, print: Print, parts: Parts): Promise<boolean> {
  if (!(await parts.databases.ensure(site, print))) return false
  try {
    if (serves(site)) await restartSite(site, print, parts)
  } catch (error) {
    throw error instanceof HostingError ? madeButUnused(site, error) : error
  }
  return true
}

function madeButUnused(site: Site, error: HostingError): HostingError {
  const { code, message, details } = error
  const hint = `The database of ${site.name} is made all the same: the site finds it from its next deploy or restart on. Until then it runs without.`
  return new HostingError(code, message, { details, hint, cause: error })
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
    await databases.undoRotation(site)
    throw error
  }
}

/** At start-up: those that were not finished before. */
export async function finishRotations(parts: Parts): Promise<void> {
  for (const { siteId } of await parts.databases.rotations()) finishRotation(siteId, parts).catch(() => undefined)
}

/**
 * Takes the former password away once no instance is left that was started with it. Goes on when nobody waits for it any more.
 * @throws HostingError conflict when the site does not work without it
 */
export async function finishRotation(siteId: number, parts: Parts): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  // What goes wrong is told to whoever waits, and logged by the background in any case.
  promise.catch(() => undefined)
  parts.background.run('take away a former database password', async (signal) => {
    const finished = finish(siteId, signal, parts)
    finished.then(() => resolve(undefined), reject)
    await finished
  })
  await promise
}

async function finish(siteId: number, signal: AbortSignal, parts: Parts): Promise<void> {
  await untilReplaced(siteId, signal, parts)
  const site = await parts.store.sites.get(siteId)
  await parts.databases.finishRotation(site, async () => {
    if (serves(site)) await wakeSite(site, parts)
  })
}

async function untilReplaced(siteId: number, signal: AbortSignal, { databases, store, clock }: Parts): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const since = (await databases.rotations()).find((rotation) => rotation.siteId === siteId)?.since
    const instances = await store.instances.listOf(siteId)
    if (since === undefined || instances.every(({ created_at }) => created_at >= since)) return
    await clock.sleep(pollMs, signal)
  }
}

function serves({ state, live_release_id: live }: Site): boolean {
  return state === 'running' && live !== null
}
