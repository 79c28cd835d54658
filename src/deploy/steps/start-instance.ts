// Starts the instance that is to prove the release, or hands the release to one that has been started already and waits.
import { makeInstanceDirectory } from '../instances.ts'
import type { Step } from './take.ts'

export const startInstance: Step = async ({ attempt, parts }) => {
  const { instance, site, release } = attempt
  await parts.store.instances.add({ id: instance.id, siteId: site.id, releaseId: release.id })
  await attempt.started
  const image = attempt.facts.manifest?.image ?? instance.image
  if (image !== instance.image) await startAnother()
  await parts.runtime.assign(instance)
  return `instance ${instance.id} started`

  /** The guess about the image was wrong (a site that was static became PHP): the same instance, made anew from the right one. */
  async function startAnother(): Promise<void> {
    await parts.runtime.remove(instance.id)
    const right = { ...instance, image }
    await makeInstanceDirectory(parts.config.home, right)
    await parts.runtime.start(right)
  }
}
