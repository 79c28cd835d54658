// What belongs to nothing in the database: left by a crash between two steps. Only what is ours by label or by place is touched.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { platformHosts } from '../access/platform-names.ts'
import { removeUnfinished } from '../git/lfs/objects.ts'
import { absentAsUndefined, removeTree } from '../lib/files.ts'
import { createId } from '../lib/id.ts'
import type { Parts } from './parts.ts'
import { emptyTrash, isTrash, moveToTrash } from './trash.ts'

/** The directories that parked routes point at (edge/routes.ts). */
const notInstances = new Set(['parked', 'stopped'])

export async function removeStrays(parts: Parts): Promise<void> {
  await removeStrayInstances(parts)
  const names = new Set((await parts.store.sites.list()).map((site) => site.name))
  const { repositories, releases, logs, lfs } = parts.config.home
  await discardUnknown(repositories, (entry) => names.has(entry.replace(/\.git$/, '')))
  await discardUnknown(lfs, (entry) => names.has(entry))
  await removeUnfinished(parts.config.home)
  // The platform's own addresses have logs, too.
  const hosts = new Set<string>(platformHosts(parts.config))
  await discardUnknown(logs, (entry) => names.has(entry) || hosts.has(entry))
  await discardUnknown(releases, (entry) => names.has(entry))
  await parts.storages.settle([...names])
  const started = createId(parts.clock.now())
  parts.background.run('remove strays', async (signal) => {
    await parts.storages.sweep()
    await discardStrayReleases({ started, signal }, parts)
    for (const place of [repositories, logs, releases, lfs]) await emptyTrash(place, signal)
  })
}

async function removeStrayInstances({ store, runtime, config }: Parts): Promise<void> {
  const known = new Set([...(await store.instances.list()), ...(await store.workers.list())].map(({ id }) => id))
  for (const { id } of await runtime.list()) {
    if (!known.has(id)) await runtime.remove(id)
  }
  const { instances } = config.home
  for (const entry of (await absentAsUndefined(readdir(instances))) ?? []) {
    if (!known.has(entry) && !notInstances.has(entry)) await removeTree(join(instances, entry))
  }
}

/** Ten thousand sites take a while to look through: in the background, and past what was begun since (ids sort by time). */
async function discardStrayReleases(
  { started, signal }: { started: string; signal: AbortSignal },
  { store, config }: Parts,
): Promise<void> {
  const wanted = new Set(await store.releases.wantedDirectories())
  for (const { name } of await store.sites.list()) {
    signal.throwIfAborted()
    const isKnown = (entry: string) => wanted.has(entry) || entry > started
    await discardUnknown(join(config.home.releases, name), isKnown, config.home.releases)
  }
}

/** @param place where it waits to be removed */
async function discardUnknown(
  directory: string,
  isKnown: (entry: string) => boolean,
  place = directory,
): Promise<void> {
  const entries = (await absentAsUndefined(readdir(directory))) ?? []
  for (const entry of entries) {
    if (!isKnown(entry) && !isTrash(entry)) await moveToTrash(join(directory, entry), place)
  }
}
