// start, stop and restart: what serves changes, what is deployed does not.
import { releasePath } from '../../config/home.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { createId } from '../../lib/id.ts'
import type { Site } from '../../store/sites.ts'
import { waitUntilHealthy } from '../health.ts'
import { siteUrl } from '../site-url.ts'
import { discardInstance, instanceSpec, makeInstanceDirectory } from '../instances.ts'
import { readManifest } from '../manifest.ts'
import type { Parts } from '../parts.ts'
import { routeSite } from '../routing.ts'
import { drain } from '../steps/drain.ts'
import type { Print } from '../types.ts'
import { wakeSite } from '../waker.ts'

export async function startSite(site: Site, parts: Parts): Promise<void> {
  if (site.live_release_id === null) throw nothingDeployed(site)
  await parts.store.sites.update(site.id, { state: 'running' })
  await wakeSite({ ...site, state: 'running' }, parts)
}

/** New requests get the page that says so from the first line on; those under way are finished. */
export async function stopSite(site: Site, parts: Parts): Promise<void> {
  const instanceId = site.live_instance_id
  await parts.store.transaction(async (store) => {
    await store.sites.update(site.id, { state: 'stopped', live_instance_id: null })
    if (instanceId !== null) await store.instances.setState(instanceId, 'draining')
  })
  await routeSite({ ...site, state: 'stopped', live_instance_id: null }, parts)
  parts.processes.follow(site.id)
  if (instanceId !== null) parts.background.run('drain', () => drain(instanceId, parts))
}

const hint = 'The instance that ran before serves on.'

/** A fresh instance of the live release: proven, switched to, the former one drained. */
export async function restartSite(site: Site, print: Print, parts: Parts): Promise<void> {
  if (site.live_release_id === null) throw nothingDeployed(site)
  if (site.state === 'stopped')
    throw new HostingError('stopped', `${site.name} is stopped`, { hint: `start ${site.name} lets it serve again.` })
  const instanceId = await startFresh(site, site.live_release_id, parts)
  const former = site.live_instance_id
  await routeSite({ ...site, live_instance_id: instanceId }, parts)
  await parts.store.transaction(async (store) => {
    await store.instances.setState(instanceId, 'live')
    if (former !== null) await store.instances.setState(former, 'draining')
    await store.sites.update(site.id, { live_instance_id: instanceId })
  })
  parts.processes.follow(site.id)
  print(`${site.name} runs on instance ${instanceId} now`)
  if (former !== null) parts.background.run('drain', () => drain(former, parts))
}

async function startFresh(site: Site, releaseId: string, parts: Parts): Promise<string> {
  const { directory } = await parts.store.releases.get(releaseId)
  const { image, health } = await readManifest(releasePath(parts.config.home, site.name, directory))
  const spec = await instanceSpec(site, { instanceId: createId(), directory, image }, parts)
  await parts.store.instances.add({ id: spec.id, siteId: site.id, releaseId })
  try {
    await makeInstanceDirectory(parts.config.home, spec)
    await parts.runtime.start(spec)
    await waitUntilHealthy(
      { instanceId: spec.id, url: siteUrl(site.name, parts.config), health, signal: parts.background.signal, hint },
      parts,
    )
  } catch (error) {
    await discardInstance(spec.id, parts)
    throw error
  }
  return spec.id
}

function nothingDeployed(site: Site): HostingError {
  return new HostingError('conflict', `Nothing has been deployed to ${site.name} yet`, { hint: 'git push first.' })
}
