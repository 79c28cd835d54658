// The proof: the new instance answers its health check before anybody is sent to it.
import { releasePath } from '../../config/home.ts'
import { waitUntilHealthy } from '../health.ts'
import { readManifest } from '../manifest.ts'
import { maskValues } from '../mask.ts'
import { siteUrl } from '../site-url.ts'
import type { Step } from './take.ts'

const hints = {
  push: 'Mend what its log says, commit and push again.',
  rollback: 'Nothing was changed: what was live serves on.',
  environment: 'No variable was changed: what was live serves on.',
} as const

export const checkHealth: Step = async ({ attempt, parts }) => {
  const { site, release, instance, signal } = attempt
  const { health } =
    attempt.facts.manifest ?? (await readManifest(releasePath(parts.config.home, site.name, release.directory)))
  const mask = maskValues(instance.env)
  const names = (await parts.store.domains.listOf(site.id)).map(({ name }) => name)
  const url = siteUrl(site.name, parts.config)
  const visited = await waitUntilHealthy(
    { instanceId: instance.id, url, names, health, signal, hint: hints[attempt.kind], mask },
    parts,
  )
  return visited.map(({ path, status }, index) => `GET ${path} ${index === 0 ? 'answered ' : ''}${status}`).join(', ')
}
