import { HostingError } from '../../errors/hosting-error.ts'
import type { Release } from '../../store/releases.ts'
import type { SiteContext } from '../command.ts'

/** @throws HostingError not-found */
export async function getRelease({ store, site }: SiteContext, number: number): Promise<Release> {
  const release = await store.releases.find(site.id, number)
  if (release !== undefined) return release
  throw new HostingError('not-found', `${site.name} has no release #${number}`, {
    hint: `releases ${site.name}   lists those that are kept.`,
  })
}
