// The proof: the new instance answers its health check before anybody is sent to it.
import { releasePath } from '../../config/home.ts'
import { waitUntilHealthy } from '../health.ts'
import { readManifest } from '../manifest.ts'
import { maskValues } from '../mask.ts'
import type { Step } from './take.ts'

export const checkHealth: Step = async ({ attempt, parts }) => {
  const { site, release, instance, signal } = attempt
  const { health } =
    attempt.facts.manifest ?? (await readManifest(releasePath(parts.config.home, site.name, release.directory)))
  const mask = maskValues(instance.env)
  const status = await waitUntilHealthy({ instanceId: instance.id, host: site.name, health, signal, mask }, parts)
  return `GET ${health.path} answered ${status}`
}
