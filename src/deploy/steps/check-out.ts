// Writes the commit's files to releases/<site>/<id>/tree, linking what has not changed from the live release.
import { join } from 'node:path'
import { releasePath } from '../../config/home.ts'
import { exportTree } from '../../git/export.ts'
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
  if (exported.changedPaths !== undefined) attempt.facts.changedPaths = exported.changedPaths
  for (const path of exported.skipped) attempt.print(`  left out ${path}`)
  return `checked out ${exported.files} ${exported.files === 1 ? 'file' : 'files'}`
}
