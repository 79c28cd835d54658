// What a push says about storage that it does not change: files of the commit that don't arrive there, paths that are storage no more.
import { releasePath } from '../config/home.ts'
import { readManifest } from './manifest.ts'
import { manifestOf } from './needs.ts'
import type { Attempt, Parts } from './parts.ts'

/** Costs nothing where the release before had no storage; a survey only where a path has been taken out. */
export async function tellOfStorage(attempt: Attempt, parts: Parts): Promise<void> {
  const { site, kind, facts, print } = attempt
  if (kind !== 'push' || site.live_release_id === null) return
  const { directory } = await parts.store.releases.get(site.live_release_id)
  const before = await readManifest(releasePath(parts.config.home, site.name, directory)).catch(() => undefined)
  if (before === undefined || before.storage.length === 0) return
  const { storage } = await manifestOf(attempt, parts)
  const kept = storage.filter((path) => before.storage.includes(path) && !facts.seeded?.includes(path))
  for (const line of describeStaying(site.name, kept, facts.changedPaths ?? [])) print(`  ${line}`)
  const leaving = pathsThatLeave(before.storage, storage)
  if (leaving.length === 0) return
  const survey = await parts.storages.survey(site, { directory, paths: leaving })
  for (const { path, files } of survey.paths) print(`  ${describeLeaving(path, files)}`)
}

/** Pure: one line for each path of storage in which the commit changes files. */
export function describeStaying(site: string, storage: readonly string[], changed: readonly Buffer[]): string[] {
  return storage.flatMap((path) => {
    const { length } = changed.filter((one) => isWithin(one, path))
    const changes = length === 1 ? 'the change' : `the ${length} changes`
    return length === 0 ? [] : [`${path} stays as the site has it, without ${changes} of this commit: storage ${site}`]
  })
}

/** Pure: what was storage, and is not, nor lies in what is. */
export function pathsThatLeave(before: readonly string[], now: readonly string[]): string[] {
  return before.filter((path) => !now.some((one) => isWithin(Buffer.from(path.replace(/\/$/, '')), one)))
}

export function describeLeaving(path: string, files: number): string {
  if (files === 0) return `${path} is storage no more`
  return `${path} is storage no more; its ${files === 1 ? '1 file stays' : `${files} files stay`} aside in storage`
}

/** Paths of a repository are bytes. */
function isWithin(path: Buffer, storage: string): boolean {
  const place = Buffer.from(storage.replace(/\/$/, ''))
  if (!path.subarray(0, place.length).equals(place)) return false
  return path.length === place.length || path[place.length] === '/'.charCodeAt(0)
}
