// Starts the instance that is to prove the release, or hands the release to one that has been started already and waits.
import { isDeepStrictEqual } from 'node:util'
import { instanceSpec, makeInstanceDirectory } from '../instances.ts'
import { readManifest } from '../manifest.ts'
import type { Attempt, Parts } from '../parts.ts'
import { releasePath } from '../../config/home.ts'
import type { Step } from './take.ts'

export const startInstance: Step = async ({ attempt, parts }) => {
  const { instance, site, release, environment } = attempt
  await parts.store.instances.add({ id: instance.id, siteId: site.id, releaseId: release.id })
  await attempt.started
  await makeNeeded(attempt, parts)
  const image = attempt.facts.manifest?.image ?? instance.image
  const wanted = await instanceSpec(
    site,
    { instanceId: instance.id, directory: release.directory, image, environment },
    parts,
  )
  if (!isDeepStrictEqual(wanted, instance)) await startAnother()
  await parts.runtime.assign(wanted)
  return `instance ${instance.id} started`

  /** The guess was wrong (a site that was static became PHP, or got a database): the same instance, made anew. */
  async function startAnother(): Promise<void> {
    await parts.runtime.ensureImage(wanted.image, attempt.print)
    await parts.runtime.remove(instance.id)
    await makeInstanceDirectory(parts.config.home, wanted)
    await parts.runtime.start(wanted)
  }
}

/** What the release asks for and the site has not got yet. It stays when the deploy fails: the next one needs it as well. */
async function makeNeeded({ site, release, facts, print }: Attempt, parts: Parts): Promise<void> {
  const { database, storage } =
    facts.manifest ?? (await readManifest(releasePath(parts.config.home, site.name, release.directory)))
  if (database !== undefined && (await parts.databases.ensure(site, print)))
    print(`  made the database of ${site.name}`)
  if (storage.length === 0) return
  const seeded = await parts.storages.seed(site, { directory: release.directory, paths: storage })
  if (seeded.length > 0) print(`  storage begins with what the repository holds: ${seeded.join(', ')}`)
}
