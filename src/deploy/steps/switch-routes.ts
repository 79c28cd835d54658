// Points every domain of the site at the new instance, then writes down that it is live. Done again from the start, it does no harm.
import type { Attempt, Parts } from '../parts.ts'
import { routeAsWritten, routeSite } from '../routing.ts'
import type { Step } from './take.ts'

export const switchRoutes: Step = async ({ attempt, parts }) => {
  const site = await parts.store.sites.get(attempt.site.id)
  if (site.state === 'stopped') return await keepStopped(attempt, parts)
  await routeSite({ ...site, live_instance_id: attempt.instance.id }, parts)
  parts.onStep?.('between:switch')
  await writeDown(attempt, parts, attempt.instance.id)
  // A domain that was added meanwhile was led by what was written down before.
  await routeAsWritten(site.id, parts)
  return `switched to release ${attempt.release.number}`
}

/** A site that its owner stopped stays stopped; the new release is what will serve after `start`. */
async function keepStopped(attempt: Attempt, parts: Parts): Promise<string> {
  await writeDown(attempt, parts, null)
  return `${attempt.site.name} stays stopped: its owner can start it`
}

async function writeDown(attempt: Attempt, { store, clock }: Parts, instanceId: string | null): Promise<void> {
  const { release, instance, site } = attempt
  await store.transaction(async (inside) => {
    const former = await inside.sites.get(site.id)
    if (former.live_release_id !== null && former.live_release_id !== release.id) {
      await inside.releases.update(former.live_release_id, { state: 'retired' })
    }
    await inside.releases.update(release.id, {
      state: 'live',
      live_at: clock.now().toISOString(),
    })
    if (former.live_instance_id !== null && former.live_instance_id !== instance.id) {
      await inside.instances.setState(former.live_instance_id, 'draining')
    }
    await inside.instances.setState(instance.id, instanceId === null ? 'draining' : 'live')
    await inside.sites.update(site.id, { live_release_id: release.id, live_instance_id: instanceId })
    await inside.jobs.remove(attempt.jobId)
  })
}
