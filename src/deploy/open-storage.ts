// Opens a site's storage to be read by the platform. Where that may not go in there (an installed system: it is the site's own, mode 0700), a
// copy of what is asked for is made by who may.
import { join } from 'node:path'
import { hasErrorCode } from '../lib/files.ts'
import { Rooted } from '../lib/rooted.ts'
import type { Site } from '../store/sites.ts'
import type { Parts } from './parts.ts'
import type { OpenStorage } from './types.ts'

interface OpeningParts {
  readonly config: Pick<Parts['config'], 'home'>
  readonly storages: Pick<Parts['storages'], 'lend' | 'sweep'>
}

export async function openStorage(
  site: Site,
  paths: readonly string[],
  { config, storages }: OpeningParts,
): Promise<OpenStorage> {
  const direct = openDirectly(join(config.home.storage, site.name))
  if (direct !== undefined) {
    const close = () => {
      direct[Symbol.dispose]()
      return Promise.resolve()
    }
    return { root: direct, [Symbol.asyncDispose]: close }
  }
  const root = Rooted.open(await storages.lend(site, paths))
  return {
    root,
    [Symbol.asyncDispose]: async () => {
      root[Symbol.dispose]()
      await storages.sweep()
    },
  }
}

function openDirectly(path: string): Rooted | undefined {
  try {
    return Rooted.open(path)
  } catch (error) {
    if (hasErrorCode(error, 'EACCES')) return undefined
    throw error
  }
}
