// Writes the commit's files to releases/<site>/<id>/tree, linking what has not changed from the live release; large files come
// from their store.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { releasePath } from '../../config/home.ts'
import { exportTree } from '../../git/export.ts'
import { fillPointers } from '../../git/lfs/fill.ts'
import type { LfsObjects } from '../../git/lfs/objects.ts'
import type { ExportedTree } from '../../git/types.ts'
import { absentAsUndefined } from '../../lib/files.ts'
import type { Site } from '../../store/sites.ts'
import { previousRelease } from '../previous.ts'
import type { Step } from './take.ts'

export const checkOut: Step = async ({ attempt, parts }) => {
  const { config } = parts
  const into = join(releasePath(config.home, attempt.site.name, attempt.release.directory), 'tree')
  const previous = await previousRelease(attempt.site, parts)
  const exported = await exportTree({
    source: attempt.source,
    objects: attempt.objects,
    commit: attempt.release.commit,
    into,
    ...(previous === undefined || previous.commitDirectories.length === 0
      ? {}
      : { previous: { directories: previous.commitDirectories, commit: previous.commit } }),
    limits: { maxFiles: config['max-files'], maxTreeBytes: config['max-release-mb'] * 1024 * 1024 },
    signal: attempt.signal,
  })
  const large = await fillLargeFiles(into, exported, { attempt, parts })
  if (exported.changedPaths !== undefined) attempt.facts.changedPaths = exported.changedPaths
  for (const path of exported.skipped) attempt.print(`  left out ${path}`)
  const files = `checked out ${exported.files} ${exported.files === 1 ? 'file' : 'files'}`
  return large === 0 ? files : `${files}, ${large} of them from Git LFS`
}

/** Who has never heard of Git LFS pays for one question of the database. */
async function fillLargeFiles(
  tree: string,
  { changedPaths }: ExportedTree,
  { attempt: { site, signal }, parts: { config, lfs } }: Parameters<Step>[0],
): Promise<number> {
  if (!(await isUsed(tree, { site, lfs }))) return 0
  return await fillPointers({
    ...{ tree, paths: changedPaths, signal },
    pathOf: (oid) => lfs.pathOf(site, oid),
    want: (oids) => lfs.want(site, oids),
    maxBytes: config['max-release-mb'] * 1024 * 1024,
  })
}

/** git-lfs itself writes the line; without it a file that looks like a pointer is a file that looks like a pointer. */
async function isUsed(tree: string, { site, lfs }: { site: Site; lfs: LfsObjects }): Promise<boolean> {
  if (await lfs.isUsed(site)) return true
  const attributes = await absentAsUndefined(readFile(join(tree, '.gitattributes'), 'latin1'))
  return attributes?.includes('filter=lfs') === true
}
