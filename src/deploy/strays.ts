// What belongs to nothing in the database: left by a crash between two steps. Only what is ours by label or by place is touched.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { absentAsUndefined, removeTree } from '../lib/files.ts'
import { createId } from '../lib/id.ts'
import type { Parts } from './parts.ts'

/** The instance directory that parked routes point at (edge/routes.ts). */
const notInstances = new Set(['parked'])

export async function removeStrays(parts: Parts): Promise<void> {
  await removeStrayInstances(parts)
  const names = new Set((await parts.store.sites.list()).map((site) => site.name))
  const { repositories, releases, logs } = parts.config.home
  await removeUnknown(repositories, (entry) => names.has(entry.replace(/\.git$/, '')))
  await removeUnknown(logs, (entry) => names.has(entry))
  await removeUnknown(releases, (entry) => names.has(entry))
  const started = createId(parts.clock.now())
  parts.background.run('remove stray releases', (signal) => removeStrayReleases({ started, signal }, parts))
}

async function removeStrayInstances({ store, runtime, config }: Parts): Promise<void> {
  const known = new Set((await store.instances.list()).map((instance) => instance.id))
  for (const { id } of await runtime.list()) {
    if (!known.has(id)) await runtime.remove(id)
  }
  await removeUnknown(config.home.instances, (entry) => known.has(entry) || notInstances.has(entry))
}

/** Ten thousand sites take a while to look through: in the background, and past what was begun since (ids sort by time). */
async function removeStrayReleases(
  { started, signal }: { started: string; signal: AbortSignal },
  { store, config }: Parts,
): Promise<void> {
  const wanted = new Set(await store.releases.wantedDirectories())
  for (const { name } of await store.sites.list()) {
    signal.throwIfAborted()
    await removeUnknown(join(config.home.releases, name), (entry) => wanted.has(entry) || entry > started)
  }
}

async function removeUnknown(directory: string, isKnown: (entry: string) => boolean): Promise<void> {
  const entries = (await absentAsUndefined(readdir(directory))) ?? []
  for (const entry of entries) {
    if (!isKnown(entry)) await removeTree(join(directory, entry))
  }
}
