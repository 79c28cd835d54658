// What a release asks for and its site has not got yet: a database, storage. It stays when the deploy fails: the next one needs it as well.
import { releasePath } from '../config/home.ts'
import { type Manifest, readManifest } from './manifest.ts'
import type { Attempt, Parts } from './parts.ts'

export async function manifestOf({ site, release, facts }: Attempt, { config }: Parts): Promise<Manifest> {
  return facts.manifest ?? (await readManifest(releasePath(config.home, site.name, release.directory)))
}

/** Idempotent: tells only of what it made. */
export async function ensureNeeds(attempt: Attempt, parts: Parts): Promise<void> {
  const { site, release, print } = attempt
  const { database, storage } = await manifestOf(attempt, parts)
  if (database !== undefined && (await parts.databases.ensure(site, print)))
    print(`  made the database of ${site.name}`)
  if (storage.length === 0) return
  const seeded = await parts.storages.seed(site, { directory: release.directory, paths: storage })
  attempt.facts.seeded = [...(attempt.facts.seeded ?? []), ...seeded]
  if (seeded.length > 0) print(`  storage begins with what the repository holds: ${seeded.join(', ')}`)
}
