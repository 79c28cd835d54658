// One site at a glance: what is live, what runs for it and how that is doing, where it is reached.
import type { InstanceStatus } from '../../runtime/runtime.ts'
import type { Release } from '../../store/releases.ts'
import type { WorkerState } from '../../deploy/processes/types.ts'
import { siteUrl } from '../../deploy/site-url.ts'
import { repositoryUrl } from '../addresses.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { hasFailed } from '../cron/cron.ts'
import { nothing } from '../inputs.ts'
import { type Fact, facts } from '../output/outcome.ts'
import { type View, renderNextTime, renderTime } from '../output/view.ts'

export const info = siteCommand({
  name: 'info',
  group: 'Sites',
  summary: 'Show what a site is and how it is doing',
  examples: ['info demo', 'info demo --json'],
  permission: 'site:read',
  input: nothing,
  run: async (context) => {
    const data = await siteInfo(context)
    return facts(data, (view) => shownFacts(data, view))
  },
})

type Info = Awaited<ReturnType<typeof siteInfo>>

async function siteInfo({ site, store, config, runtime, deployments }: SiteContext) {
  const { workers, cron } = await deployments.surveyProcesses(site)
  const release = site.live_release_id === null ? undefined : await store.releases.get(site.live_release_id)
  const status =
    site.live_instance_id === null ? undefined : await instanceStatus(runtime.status(site.live_instance_id))
  return {
    name: site.name,
    url: siteUrl(site.name, config),
    repository: repositoryUrl(config, site.name),
    owner: (await store.accounts.get(site.owner_id)).name,
    branch: site.branch,
    state: release === undefined ? 'not deployed' : site.state,
    release: release === undefined ? null : releaseInfo(release),
    instance: status === undefined ? null : { id: site.live_instance_id, status },
    workers,
    cron: { entries: cron.length, failed: cron.filter(({ last }) => hasFailed(last)).map(({ number }) => number) },
    domains: (await store.domains.listOf(site.id)).map(({ name }) => name),
    createdAt: site.created_at,
  }
}

function releaseInfo({ number, commit, subject, buildpack, live_at }: Release) {
  return { number, commit, subject, buildpack, deployedAt: live_at }
}

/** A runtime that does not answer is worth knowing here, and no reason to hide the rest. */
async function instanceStatus(asked: Promise<InstanceStatus>): Promise<InstanceStatus | 'unknown'> {
  return await asked.catch(() => 'unknown' as const)
}

const instanceWords = {
  running: 'running',
  stopped: 'asleep; the next request that needs it starts it',
  missing: 'not there; the next request that needs it starts it',
  unknown: 'unknown: the container engine does not answer',
} as const

function shownFacts(site: Info, view: View): Fact[] {
  const { release, instance } = site
  return [
    ['Site', site.name],
    ['URL', site.url],
    ['State', site.state],
    ['Release', release === null ? '-' : `#${release.number} ${release.commit.slice(0, 7)} ${release.subject}`],
    ['Deployed', release === null ? '-' : renderTime(release.deployedAt, view)],
    ['Instance', instance === null || site.state === 'stopped' ? '-' : instanceWords[instance.status]],
    ...(site.workers.length === 0 ? [] : [['Workers', renderWorkers(site.workers, view)] as const]),
    ...(site.cron.entries === 0 ? [] : [['Cron', renderCron(site.cron)] as const]),
    ['Branch', site.branch],
    ['Owner', site.owner],
    ['Domains', site.domains.join(', ')],
    ['Repository', site.repository],
    ['Created', renderTime(site.createdAt, view)],
  ]
}

function renderWorkers(workers: readonly WorkerState[], view: View): string {
  return workers.map((worker) => `${worker.name} ${describeWorker(worker, view)}`).join(', ')
}

function describeWorker({ state, exitCode, nextAt }: WorkerState, view: View): string {
  if (state === 'running') return 'running'
  const end = exitCode === null ? 'could not be started' : `ended with status ${exitCode}`
  return `${end}, started again ${renderNextTime(nextAt, view)}`
}

function renderCron({ entries, failed }: Info['cron']): string {
  const count = `${entries} ${entries === 1 ? 'entry' : 'entries'}`
  return failed.length === 0 ? count : `${count}, the last run of ${failed.join(', ')} failed`
}
