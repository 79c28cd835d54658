// Names of destroyed sites: their DNS may lead here for a while yet, so that for a time only their owner may have them again.
import type { Config } from '../config/load.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'

interface Leaving {
  readonly store: Pick<Store, 'keptNames'>
  readonly config: Config
  readonly site: Site
  readonly names: readonly string[]
}

/** To be called in the transaction that removes the site. One that was never live has shown nothing worth keeping. */
export async function keepNames({ store, config, site, names }: Leaving): Promise<void> {
  const days = config['name-grace-days']
  if (days === 0 || site.live_release_id === null) return
  for (const name of names)
    if (!name.endsWith(`.${config['base-domain']}`))
      await store.keptNames.keep(name, { accountId: site.owner_id, days })
}
