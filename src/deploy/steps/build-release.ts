// Has the buildpack make of the checked-out tree what an instance can serve, then declares the release complete.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { releasePath } from '../../config/home.ts'
import type { BuildRequest, BuiltRelease } from '../../buildpacks/types.ts'
import { build } from '../../buildpacks/build.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { flushFileSystemOf } from '../../lib/files.ts'
import { type Environment, environmentOf } from '../environment.ts'
import { writeManifest } from '../manifest.ts'
import { maskValues } from '../mask.ts'
import type { Attempt, Parts } from '../parts.ts'
import { previousRelease } from '../previous.ts'
import type { Step } from './take.ts'

export const buildRelease: Step = async ({ attempt, parts }) => {
  const directory = releasePath(parts.config.home, attempt.site.name, attempt.release.directory)
  const previous = await previousRelease(attempt.site, parts)
  const environment = await environmentOf(attempt.site, parts)
  const built = await build({
    site: attempt.site.name,
    releaseId: attempt.release.id,
    directory,
    ...(previous === undefined ? {} : { previous: { directory: previous.directory, commit: previous.commit } }),
    ...(attempt.facts.changedPaths === undefined ? {} : { changedPaths: attempt.facts.changedPaths }),
    defaultHealthTimeoutMs: parts.config['health-timeout'] * 1000,
    print: attempt.print,
    signal: attempt.signal,
    limits: { memoryMb: parts.config['instance-memory-mb'], uploadMb: parts.config['max-upload-mb'] },
    runBuild: (spec) =>
      parts.runtime.build({ ...withEnvironment(spec, environment, attempt), ...confinement(attempt, parts) }),
  })
  mustBeAllowed(built.workers, parts)
  const { notes, storage, cron, ...facts } = built
  attempt.facts.manifest = { ...facts, storage: [...storage], cron: [...cron] }
  await writeManifest(directory, attempt.facts.manifest)
  await parts.store.releases.update(attempt.release.id, { buildpack: built.buildpack })
  await complete(directory, attempt)
  return `${built.buildpack}: ${notes.join(', ')}`
}

/** Each is a container with as much memory as the web server's. */
function mustBeAllowed(workers: BuiltRelease['workers'], { config }: Parts): void {
  const names = Object.keys(workers)
  if (names.length <= config['max-workers']) return
  throw new HostingError('too-large', `The Procfile has ${names.length} workers: ${names.join(', ')}`, {
    hint: `At most ${config['max-workers']} are run for a site. Let one process do the work of several, and push again.`,
  })
}

type WantedBuild = Parameters<BuildRequest['runBuild']>[0]

/** A build has the site's variables; what it prints does not show them. */
function withEnvironment(spec: WantedBuild, environment: Environment, { instance }: Attempt): WantedBuild {
  const mask = maskValues({ ...instance.env, ...environment })
  return { ...spec, env: { ...environment, ...spec.env }, output: (line) => spec.output(mask(line)) }
}

function confinement(
  attempt: Attempt,
  { config }: Parts,
): Omit<Parameters<Parts['runtime']['build']>[0], keyof Parameters<BuildRequest['runBuild']>[0]> {
  return {
    id: attempt.release.id,
    site: attempt.site.name,
    uid: attempt.instance.uid,
    limits: { memoryMb: config['build-memory-mb'], cpus: config['instance-cpus'], pids: 512 },
    timeoutMs: config['build-timeout'] * 1000,
    signal: attempt.signal,
  }
}

/** Lets the instance begin, and has the files flushed meanwhile: they must outlive a power cut before the ref that promises them does. */
async function complete(directory: string, { facts }: Attempt): Promise<void> {
  await writeFile(join(directory, 'complete'), '', { mode: 0o644 })
  facts.flushed = flushFileSystemOf(directory)
  facts.flushed.catch(() => undefined)
}
