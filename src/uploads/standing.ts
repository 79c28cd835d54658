// What of an account's uploads is not as it meant it to be, as of now: asked for when it comes next, by whatever door.
import { readdir } from 'node:fs/promises'
import type { Actor } from '../access/authorize.ts'
import { viewPath } from '../config/home.ts'
import { absentAsUndefined, hasErrorCode } from '../lib/files.ts'
import type { Site } from '../store/sites.ts'
import type { CommitParts } from './commit-view.ts'
import { unpark } from './park.ts'
import { storageOf } from './prepare.ts'
import { forgetWhereRoom } from './refusals.ts'
import { troublesOf } from './report.ts'
import { readState } from './state.ts'
import type { View } from './view.ts'
import { roleOn } from './visible-sites.ts'

type Parts = Pick<CommitParts, 'config' | 'store'>

/** Of one site. */
export async function uploadTroubles(site: Site, account: Actor, parts: Parts): Promise<string[]> {
  const { config } = parts
  const directory = viewPath(config.home, site.id, account.id)
  const state = await readState(directory)
  if (state === undefined) return []
  const { failed, parked, refused } = state
  if (!failed && Object.keys(parked).length + Object.keys(refused).length === 0) return []
  const storage = new Set((await storageOf(site, parts)).map(({ path }) => path))
  const view: View = { siteId: site.id, siteName: site.name, account, directory, state, objects: new Map(), storage }
  try {
    unpark(view)
  } catch (error) {
    // It is just being made anew: then nothing was left in it.
    if (!hasErrorCode(error, 'ENOENT')) throw error
  }
  await forgetWhereRoom(view, config)
  return troublesOf(view, config)
}

/** Of all sites that it sees. */
export async function allUploadTroubles(account: Actor, parts: Parts): Promise<string[]> {
  const entries = (await absentAsUndefined(readdir(parts.config.home.uploads))) ?? []
  const ids = new Set(
    entries.filter((entry) => entry.endsWith(`-${account.id}`)).map((entry) => Number.parseInt(entry)),
  )
  const sites = await Promise.all([...ids].map((id) => parts.store.sites.findById(id)))
  return (await Promise.all(sites.map((site) => troublesWhereSeen(site, account, parts)))).flat()
}

async function troublesWhereSeen(site: Site | undefined, account: Actor, parts: Parts): Promise<string[]> {
  if (site === undefined || (await roleOn(site, account, parts.store)) === undefined) return []
  return await uploadTroubles(site, account, parts)
}
