// One site at a glance: what is live, what runs for it and how that is doing, where it is reached.
import type { InstanceStatus } from '../../runtime/runtime.ts'
import type { Release } from '../../store/releases.ts'
import type { WorkerState } from '../../deploy/processes/types.ts'
import { primaryAddresses } from '../../deploy/site-address.ts'
import { shownName } from '../../names/domain-name.ts'
import { domainRows, renderRole } from '../domains/domain-rows.ts'
import { repositoryUrl } from '../addresses.ts'
import { uploadTroubles } from '../../uploads/standing.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { hasFailed } from '../cron/cron.ts'
import { nothing } from '../inputs.ts'
import { type Fact, facts } from '../output/outcome.ts'
import { renderBytes, type View, renderNextTime, renderTime } from '../output/view.ts'

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

async function siteInfo(context: SiteContext) {
  const { site, store, config, runtime, deployments } = context
  const { workers, cron } = await deployments.surveyProcesses(site)
  const release = site.live_release_id === null ? undefined : await store.releases.get(site.live_release_id)
  const status =
    site.live_instance_id === null ? undefined : await instanceStatus(runtime.status(site.live_instance_id))
  const addresses = await primaryAddresses(site, context)
  const domains = await domainRows(context)
  return {
    name: site.name,
    url: addresses[0],
    addresses,
    repository: repositoryUrl(config, site.name),
    owner: (await store.accounts.get(site.owner_id)).name,
    branch: site.branch,
    state: release === undefined ? 'not deployed' : site.state,
    release: release === undefined ? null : releaseInfo(release),
    instance: status === undefined ? null : { id: site.live_instance_id, status },
    workers,
    cron: { entries: cron.length, failed: cron.filter(({ last }) => hasFailed(last)).map(({ number }) => number) },
    domains: domains.map(({ name }) => name),
    answers: domains.map(({ name, role, redirectsTo }) => ({ name, role, redirectsTo })),
    maintenance: site.maintenance === 1,
    hsts: site.hsts === 1,
    protectedFor: (await store.sitePasswords.listOf(site.id)).map(({ user }) => user),
    troubles: domains.flatMap(({ trouble }) => trouble ?? []),
    uploads: await uploadTroubles(site, context.account, context),
    largeFiles: { bytes: await store.lfsObjects.bytesOf(site.id), mostBytes: config['lfs-mb'] * 1024 * 1024 },
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

function renderLargeFiles({ bytes, mostBytes }: Info['largeFiles']): string {
  return `${renderBytes(bytes)} of ${renderBytes(mostBytes)} (Git LFS)`
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
    ['URL', site.addresses.join('  ')],
    ['State', site.maintenance ? `${site.state}, in maintenance` : site.state],
    ['Release', release === null ? '-' : `#${release.number} ${release.commit.slice(0, 7)} ${release.subject}`],
    ['Deployed', release === null ? '-' : renderTime(release.deployedAt, view)],
    ['Instance', instance === null || site.state === 'stopped' ? '-' : instanceWords[instance.status]],
    ...(site.workers.length === 0 ? [] : [['Workers', renderWorkers(site.workers, view)] as const]),
    ...(site.cron.entries === 0 ? [] : [['Cron', renderCron(site.cron)] as const]),
    ['Branch', site.branch],
    ...(site.largeFiles.bytes === 0 ? [] : [['Large files', renderLargeFiles(site.largeFiles)] as const]),
    ['Owner', site.owner],
    ...site.answers.map(
      (each, index): Fact => [index === 0 ? 'Domains' : '', `${shownName(each.name)} (${renderRole(each)})`],
    ),
    ...(site.protectedFor.length === 0
      ? []
      : [['Protected', `asks for a password: ${site.protectedFor.join(', ')}`] as const]),
    ...(site.hsts ? [['HSTS', 'browsers keep to HTTPS'] as const] : []),
    ...site.troubles.map((trouble): Fact => ['Trouble', trouble]),
    ...site.uploads.map((line, index): Fact => [index === 0 ? 'Your uploads' : '', line]),
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
