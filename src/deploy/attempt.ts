// Begins an attempt (rows first, so that start-up knows of it) and undoes one that failed before its commit point.
import { join } from 'node:path'
import { releasePath, siteLogPath } from '../config/home.ts'
import type { HostingError } from '../errors/hosting-error.ts'
import type { Objects } from '../git/objects.ts'
import type { ObjectSource } from '../git/types.ts'
import { createId } from '../lib/id.ts'
import { removeTree } from '../lib/files.ts'
import type { NewRelease } from '../store/releases.ts'
import type { Site } from '../store/sites.ts'
import { openBuildLog } from './build-log.ts'
import type { Environment } from './environment.ts'
import { discardInstance } from './instances.ts'
import type { Attempt, Parts } from './parts.ts'
import type { Print } from './types.ts'
import type { WarmInstance } from './warm.ts'

interface Beginning {
  readonly kind: Attempt['kind']
  readonly site: Site
  readonly release: Omit<NewRelease, 'site_id'>
  readonly warm: Pick<WarmInstance, 'spec' | 'started'>
  readonly source: ObjectSource
  readonly objects?: Objects
  readonly gitPid: number | null
  readonly print: Print
  readonly environment?: Environment
}

export async function beginAttempt(beginning: Beginning, parts: Parts): Promise<Attempt> {
  const { site, kind, warm, gitPid } = beginning
  const jobId = createId()
  const release = await parts.store.transaction(async (store) => {
    const added = await store.releases.add({ ...beginning.release, site_id: site.id })
    await store.jobs.add({
      id: jobId,
      site_id: site.id,
      kind,
      step: 'begun',
      release_id: added.id,
      instance_id: warm.spec.id,
      git_pid: gitPid,
    })
    return added
  })
  const print = await openBuildLog(
    join(siteLogPath(parts.config.home, site.name), 'build', `${release.id}.log`),
    beginning.print,
  )
  const { source, objects, environment } = beginning
  return {
    jobId,
    kind,
    site,
    release,
    instance: warm.spec,
    started: warm.started,
    source,
    ...(objects && { objects }),
    print,
    signal: parts.background.signal,
    timings: {},
    facts: {},
    ...(environment === undefined ? {} : { environment }),
  }
}

/** Leaves nothing of an attempt but its row, which says why. A rollback's files are those of another release and stay. */
export async function undoAttempt(
  { jobId, site, release, instance }: Pick<Attempt, 'jobId' | 'site' | 'release' | 'instance'>,
  reason: string,
  parts: Parts,
): Promise<void> {
  await discardInstance(instance.id, parts)
  if (release.directory === release.id) await removeTree(releasePath(parts.config.home, site.name, release.directory))
  await parts.store.transaction(async (store) => {
    await store.releases.update(release.id, { state: 'failed', reason })
    await store.jobs.remove(jobId)
  })
}

/** One line for the list of releases. */
export function reasonOf(error: HostingError): string {
  return error.message.split('\n')[0] ?? error.code
}
