// What the instances of a site find around their release: environment, storage, database, mail, network.
import type { Surroundings } from '../runtime/runtime.ts'
import type { Site } from '../store/sites.ts'
import { type Environment, environmentOf } from './environment.ts'
import type { Parts } from './parts.ts'

interface Wish {
  /** A static site has neither network nor storage nor mail: nothing in it would use them. */
  readonly image: string
  /** The site's variables as they are to be; left out: as they are stored. */
  readonly environment?: Environment | undefined
}

export async function surroundingsOf(site: Site, { image, environment }: Wish, parts: Parts): Promise<Surroundings> {
  const database = await parts.databases.surroundings(site)
  return {
    ...database,
    env: { ...(environment ?? (await environmentOf(site, parts))), ...database?.env },
    ...(image === 'static'
      ? { network: 'none' }
      : {
          network: 'outbound',
          storageDirectory: await parts.storages.ensure(site),
          mailDirectory: await parts.mail.ensure(site),
        }),
  }
}
