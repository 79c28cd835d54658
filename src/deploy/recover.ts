// Start-up after any end: deploys under way are finished or undone, what belongs to nothing is removed, the routing tree is made to
// say what the database says. The database is the truth; all else is its projection.
import { readFile } from 'node:fs/promises'
import { repositoryPath } from '../config/home.ts'
import { cleanRepository } from '../git/housekeeping.ts'
import { findRef } from '../git/repository.ts'
import { exists } from '../lib/files.ts'
import { killGroup } from '../lib/exec.ts'
import { readDomain } from '../names/domain-name.ts'
import type { Job } from '../store/jobs.ts'
import { undoAttempt } from './attempt.ts'
import { goLive } from './deploy.ts'
import { instanceSpec } from './instances.ts'
import { finishRotations } from './operations/database.ts'
import type { Attempt, Parts } from './parts.ts'
import { gateAll } from './standing-before.ts'
import { whyParked } from './routing.ts'
import { drain } from './steps/drain.ts'
import { removeStrays } from './strays.ts'

export async function recover(parts: Parts): Promise<void> {
  const jobs = await parts.store.jobs.list()
  await drainLeftovers(new Set(jobs.map((job) => job.instance_id)), parts)
  for (const job of jobs) await settle(job, parts)
  await removeStrays(parts)
  await gateAll(parts)
  await restoreRoutes(parts)
  await wantCertificates(parts)
  await finishRotations(parts)
}

/** A deploy is finished if its commit point was passed, else undone. */
async function settle(job: Job, parts: Parts): Promise<void> {
  const site = await parts.store.sites.get(job.site_id)
  const repository = repositoryPath(parts.config.home, site.name)
  await endReceivePack(job, repository)
  await cleanRepository(repository)
  const attempt = await attemptOf(job, parts)
  if (await isPastCommitPoint(job, { repository, branch: site.branch, commit: attempt.release.commit })) {
    await goLive(attempt, parts)
    parts.log.info({ site: site.name, release: attempt.release.number }, 'finished a deploy that was cut off')
    return
  }
  await undoAttempt(attempt, 'The platform was stopped during the deploy', parts)
  parts.log.info({ site: site.name, release: attempt.release.number }, 'undid a deploy that was cut off')
}

/** A receive-pack that outlived the daemon could still move the ref after we have looked at it. */
async function endReceivePack({ git_pid: pid }: Job, repository: string): Promise<void> {
  if (pid === null) return
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  // The number may belong to another process by now: only one that works on this repository is ours.
  if (!commandLine.includes(repository)) return
  killGroup(pid)
  while (await exists(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 10))
}

async function isPastCommitPoint(
  job: Job,
  { repository, branch, commit }: { repository: string; branch: string; commit: string },
): Promise<boolean> {
  if (job.step === 'switch') return true
  return job.step === 'proven' && job.kind === 'push' && (await findRef(repository, `refs/heads/${branch}`)) === commit
}

async function attemptOf(job: Job, parts: Parts): Promise<Attempt> {
  const { store, config, background, log } = parts
  const site = await store.sites.get(job.site_id)
  const release = await store.releases.get(job.release_id)
  const instance = await instanceSpec(
    site,
    { instanceId: job.instance_id ?? '', directory: release.directory, image: release.buildpack ?? 'static' },
    parts,
  )
  return {
    jobId: job.id,
    kind: job.kind,
    site,
    release,
    instance,
    source: { repository: repositoryPath(config.home, site.name) },
    print: (line) => log.info({ site: site.name }, line.trim()),
    signal: background.signal,
    timings: {},
    started: Promise.resolve(),
    facts: {},
  }
}

/** Instances that nobody is sent to any more, or that were never proven; those of unfinished deploys are settled with them. */
async function drainLeftovers(ofJobs: ReadonlySet<string | null>, parts: Parts): Promise<void> {
  for (const { id, state } of await parts.store.instances.list()) {
    if (state !== 'live' && !ofJobs.has(id)) parts.background.run('drain', () => drain(id, parts))
  }
}

/** For names that were added before there were certificates, or just before a crash. */
async function wantCertificates({ store, certificates }: Parts): Promise<void> {
  const known = new Set((await store.wantedNames.list()).map(({ name }) => name))
  const sites = new Map((await store.sites.list()).map((site) => [site.id, site]))
  for (const { name, site_id } of await store.domains.list()) {
    const site = sites.get(site_id)
    if (site !== undefined && !known.has(name)) await certificates.want(site, name)
  }
}

async function restoreRoutes({ store, edge: { routes } }: Parts): Promise<void> {
  const sites = new Map((await store.sites.list()).map((site) => [site.id, site]))
  const actual = await routes.list()
  for (const { name, site_id } of await store.domains.list()) {
    const site = sites.get(site_id)
    if (site === undefined) continue
    const domain = readDomain(name)
    const expected = site.state === 'running' ? (site.live_instance_id ?? undefined) : undefined
    // Why a route is parked can't be read off the list: a stopped site's is parked once more.
    const isRight = actual.has(name) && actual.get(name) === expected && site.state === 'running'
    if (!isRight && expected !== undefined) await routes.point(domain, expected)
    if (!isRight && expected === undefined) await routes.park(domain, whyParked(site))
    actual.delete(name)
  }
  for (const name of actual.keys()) await routes.remove(readDomain(name))
}
