// The storage of sites as the platform sees it: by its own hands where it is root, by those of the privileged process where that answers,
// and else without a quota.
import { join } from 'node:path'
import type { Config } from '../../config/load.ts'
import { parseHostName } from '../../names/host-name.ts'
import { answers, createCalls } from '../../privileged/call.ts'
import { createPerforming, findRights } from '../../privileged/perform.ts'
import { storageContext } from '../../privileged/storage/context.ts'
import type { Privileged, StorageRelease, StorageSurvey } from '../../privileged/verbs.ts'
import type { Site } from '../../store/sites.ts'

export type { StorageSurvey } from '../../privileged/verbs.ts'

type Owner = Pick<Site, 'id' | 'name'>

export interface Storages {
  /** Why quotas are no limits here, if that is so: for whoever starts the platform. */
  readonly warning: string | undefined
  /** @returns the directory to be mounted at /storage */
  ensure(site: Owner): Promise<string>
  /** @returns the paths that were given what the repository holds there */
  seed(site: Owner, release: StorageRelease): Promise<readonly string[]>
  survey(site: Owner, release: StorageRelease): Promise<StorageSurvey>
  /** Takes it out of the way, at once. */
  discard(name: string): Promise<void>
  /** Removes what was discarded. */
  sweep(): Promise<void>
  /** Discards what belongs to none of these sites. */
  settle(known: readonly string[]): Promise<void>
  /** A trial run ends with its mounts. */
  close(): Promise<void>
}

export async function createStorages(config: Config): Promise<Storages> {
  const rights = await findRights()
  const socket = config['privileged-socket']
  if (!rights.root && (await answers(socket))) return storagesBy(config, createCalls(socket))
  const performing = createPerforming(storageContext(config, rights))
  return {
    ...storagesBy(config, performing),
    warning: rights.mounts ? undefined : warning(rights.root),
    close: async () => {
      if (config.standalone && rights.mounts) await performing.unmountAll()
    },
  }
}

function storagesBy(config: Config, privileged: Privileged): Storages {
  const known = ({ id, name }: Owner) => ({ id, name: parseHostName(name) })
  return {
    warning: undefined,
    ensure: async (site) => {
      await privileged.ensure({ site: known(site) })
      return join(config.home.storage, site.name)
    },
    seed: async (site, release) => (await privileged.seed({ site: known(site), release })).seeded,
    survey: (site, release) => privileged.survey({ site: known(site), release }),
    discard: async (name) => {
      await privileged.discard({ name: parseHostName(name) })
    },
    sweep: async () => {
      await privileged.sweep({})
    },
    settle: async (names) => {
      await privileged.settle({ known: names.map(parseHostName) })
    },
    close: () => Promise.resolve(),
  }
}

function warning(root: boolean): string {
  const why = root ? 'file systems cannot be mounted here' : 'the platform is not root'
  return `Storage of sites has no limit: ${why} (docs/storage.md).`
}
