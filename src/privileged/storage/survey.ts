// What a site's storage holds: how much, where, and what differs from what the repository holds for it.
import { statfs } from 'node:fs/promises'
import { Directory, namesOf } from '../../lib/directory.ts'
import { siteUid } from '../../names/site-uid.ts'
import type { Amount, Drift, Gives, Takes } from '../verbs.ts'
import { compareTrees } from './compare.ts'
import { ensure, type StorageContext } from './ensure.ts'
import { placeOf } from './place.ts'
import { descend, openSeeds } from './seed.ts'
import { measureUsage, type Usage } from './usage.ts'

/** Whoever asks is waiting. */
const timeLimitMs = 10_000
const none: Amount = { bytes: 0, files: 0 }

export async function survey({ site, release }: Takes<'survey'>, context: StorageContext): Promise<Gives<'survey'>> {
  const { enforced } = await ensure({ site }, context)
  const { directory } = placeOf(context.storage, site.name)
  const uid = context.rights.root ? siteUid(site.id) : undefined
  const usage = await measureUsage({ directory, paths: release.paths, uid, timeLimitMs })
  await using storage = await Directory.open(directory)
  await using seeds = await openSeeds(context, site.name, release.directory)
  const paths: Gives<'survey'>['paths'] = []
  for (const path of release.paths) {
    const amount = usage.paths.get(path) ?? none
    paths.push({ path, ...amount, drift: await driftOf(path, { storage, seeds, present: amount.files }) })
  }
  const room = enforced
    ? await roomIn(directory)
    : { quota: { bytes: context.quotaBytes, files: 0 }, used: sumOf(usage) }
  return { enforced, ...room, paths, elsewhere: usage.elsewhere, partial: usage.partial }
}

interface Held {
  readonly storage: Directory
  readonly seeds: Directory | undefined
  /** How many files storage has at the path. */
  readonly present: number
}

async function driftOf(path: string, { storage, seeds, present }: Held): Promise<Drift | null> {
  const names = namesOf(path)
  const last = names.pop() ?? ''
  await using origin = await descend(seeds, names, { make: false, owner: undefined })
  if (origin === undefined || (await origin.stat(last)) === undefined) return null
  await using parent = await descend(storage, names, { make: false, owner: undefined })
  const { same, changed, missing } = await compareTrees(origin, parent, last)
  return { changed, missing, added: Math.max(0, present - same - changed) }
}

/** As the file system counts, its own needs left out. */
async function roomIn(directory: string): Promise<{ quota: Amount; used: Amount }> {
  const { bsize, blocks, bfree, files, ffree } = await statfs(directory)
  return { quota: { bytes: blocks * bsize, files }, used: { bytes: (blocks - bfree) * bsize, files: files - ffree } }
}

function sumOf({ paths, elsewhere, sessions }: Usage): Amount {
  return [...paths.values(), elsewhere, sessions].reduce((sum, { bytes, files }) => ({
    bytes: sum.bytes + bytes,
    files: sum.files + files,
  }))
}
