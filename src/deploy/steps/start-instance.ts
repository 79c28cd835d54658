// Starts the instance that is to prove the release, or hands the release to one that has been started already and waits.
import { isDeepStrictEqual } from 'node:util'
import { instanceSpec, makeInstanceDirectory } from '../instances.ts'
import { ensureNeeds } from '../needs.ts'
import { tellOfStorage } from '../storage-notes.ts'
import type { Step } from './take.ts'

export const startInstance: Step = async ({ attempt, parts }) => {
  const { instance, site, release, environment } = attempt
  await parts.store.instances.add({ id: instance.id, siteId: site.id, releaseId: release.id })
  await attempt.started
  await ensureNeeds(attempt, parts)
  await tellOfStorage(attempt, parts)
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
