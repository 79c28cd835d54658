// What the instances of a site find around their release: environment, storage, database, network.
import type { Surroundings } from '../runtime/runtime.ts'
import type { Site } from '../store/sites.ts'
import type { Parts } from './parts.ts'

/** @param image a static site has no network: nothing in it would use one */
export function surroundingsOf(_site: Site, image: string, _parts: Parts): Promise<Surroundings> {
  return Promise.resolve({ env: {}, network: image === 'static' ? 'none' : 'outbound' })
}
