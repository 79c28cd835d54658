// Answers the edge when a request found no instance: starts it again if there is one to start, else says why there is none.
import { releasePath } from '../config/home.ts'
import type { WakeOutcome, Waker } from '../edge/types.ts'
import { createId } from '../lib/id.ts'
import type { InstanceSpec } from '../runtime/runtime.ts'
import type { Site } from '../store/sites.ts'
import { waitUntilHealthy } from './health.ts'
import { instanceSpec, makeInstanceDirectory } from './instances.ts'
import { readManifest } from './manifest.ts'
import type { Parts } from './parts.ts'
import { routeSite } from './routing.ts'
import { siteUrl } from './site-url.ts'

export function createWaker(parts: Parts): Waker {
  return {
    async wake(domain) {
      const site = await parts.store.sites.findByDomain(domain)
      const idle = whyNot(site)
      if (site === undefined || idle !== undefined) return { kind: idle ?? 'no-site' }
      try {
        await wakeSite(site, parts)
        return { kind: 'resume' }
      } catch (error) {
        parts.log.error({ err: error, site: site.name }, 'a site could not be woken')
        return { kind: 'failed' }
      }
    },
  }
}

function whyNot(site: Site | undefined): Exclude<WakeOutcome['kind'], 'resume'> | undefined {
  if (site === undefined) return 'no-site'
  if (site.state === 'stopped') return 'stopped'
  return site.live_release_id === null ? 'not-deployed' : undefined
}

const hint = 'restart tries again; rollback goes back to what has worked.'

/** Sees to it that the live release of a running site has an instance that answers, and that the routes lead to it. */
export async function wakeSite(site: Site, parts: Parts): Promise<void> {
  const spec = await liveSpec(site, parts)
  await makeInstanceDirectory(parts.config.home, spec)
  await parts.runtime.wake(spec)
  const { health } = await readManifest(spec.releaseDirectory)
  await waitUntilHealthy(
    { instanceId: spec.id, url: siteUrl(site.name, parts.config), health, signal: parts.background.signal, hint },
    parts,
  )
  await routeSite({ ...site, live_instance_id: spec.id }, parts)
  parts.processes.follow(site.id)
}

async function liveSpec(site: Site, parts: Parts): Promise<InstanceSpec> {
  const release = await parts.store.releases.get(site.live_release_id ?? '')
  const directory = releasePath(parts.config.home, site.name, release.directory)
  const { image } = await readManifest(directory)
  const instanceId = site.live_instance_id ?? (await addInstance(site, release.id, parts))
  return await instanceSpec(site, { instanceId, directory: release.directory, image }, parts)
}

async function addInstance(site: Site, releaseId: string, { store }: Parts): Promise<string> {
  const id = createId()
  await store.transaction(async (inside) => {
    await inside.instances.add({ id, siteId: site.id, releaseId })
    await inside.instances.setState(id, 'live')
    await inside.sites.update(site.id, { live_instance_id: id })
  })
  return id
}
