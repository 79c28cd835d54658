// The processes of sites beside their web servers: workers and cron. They follow what is live; ends of workers are told by the runtime.
import { HostingError } from '../../errors/hosting-error.ts'
import type { RuntimeEvent } from '../../runtime/runtime.ts'
import type { Site } from '../../store/sites.ts'
import type { Parts } from '../parts.ts'
import { Cron } from './cron.ts'
import type { CronRun } from '../../store/cron-runs.ts'
import type { Worker } from '../../store/workers.ts'
import type { Planned } from './cron-plan.ts'
import type { CronState, Processes, ProcessSurvey, WorkerState } from './types.ts'
import { Workers } from './workers.ts'

interface Running {
  readonly parts: Parts
  readonly workers: Workers
  readonly cron: Cron
}

/** Made before what it works with, which asks it to follow. */
export function createProcesses(): Processes {
  let running: Running | undefined
  return {
    async start(parts) {
      running = { parts, workers: new Workers(parts), cron: new Cron(parts) }
      await startAll(running)
    },
    follow(siteId) {
      if (running === undefined) return
      const { parts, workers, cron } = running
      parts.background.run('workers of a site', () => workers.follow(siteId))
      parts.background.run('cron entries of a site', () => cron.follow(siteId))
    },
    async end(siteId) {
      await Promise.all([running?.workers.end(siteId), running?.cron.end(siteId)])
    },
    survey: (site) => (running === undefined ? Promise.resolve({ workers: [], cron: [] }) : survey(site, running)),
    async runCron(site, number, print) {
      if (running === undefined)
        throw new HostingError('unavailable', 'The platform is still starting', { hint: 'Try again in a moment.' })
      return await running.cron.runNow(site, number, print)
    },
  }
}

async function startAll({ parts, workers, cron }: Running): Promise<void> {
  const { store, background, clock, runtime } = parts
  // Their containers are gone: start-up removes tools.
  await store.cronRuns.endAll({ ended_at: clock.now().toISOString(), result: 'interrupted', exit_code: null })
  background.run('watch workers', async (signal) => {
    for await (const event of runtime.events(signal)) takeEvent(event, { parts, workers, cron })
  })
  background.run('watch cron', (signal) => cron.watch(signal))
  background.run('bring processes back', async (signal) => {
    for (const { id } of await store.sites.list()) {
      signal.throwIfAborted()
      await cron.follow(id)
      background.run('workers of a site', () => workers.check(id))
    }
  })
}

function takeEvent(event: RuntimeEvent, { parts: { background, store }, workers }: Running): void {
  background.run('a worker has ended', async () => {
    if (event.type === 'exited') {
      await workers.exited(event.id, event.exitCode)
      return
    }
    const sites = new Set((await store.workers.list()).map(({ site_id: siteId }) => siteId))
    for (const siteId of sites) await workers.check(siteId)
  })
}

async function survey(site: Site, { parts: { store }, cron }: Running): Promise<ProcessSurvey> {
  const runs = await store.cronRuns.listOf(site.id)
  return {
    workers: (await store.workers.listOf(site.id)).map(workerState),
    cron: cron.plannedOf(site.id).map((planned) => cronState(planned, { runs, running: cron.isBusy(planned) })),
  }
}

function workerState({ name, started_at, ended_at, exit_code, next_at }: Worker): WorkerState {
  const state = ended_at === null ? 'running' : 'waiting'
  return { name, state, startedAt: started_at, exitCode: exit_code, nextAt: next_at }
}

function cronState(planned: Planned, { runs, running }: { runs: readonly CronRun[]; running: boolean }): CronState {
  const { schedule, command, timezone = 'UTC' } = planned.entry
  const last = runs.find((run) => run.schedule === schedule && run.command === command)
  return {
    ...{ number: planned.number, schedule, timezone, command, running },
    nextAt: planned.due === undefined ? null : new Date(planned.due).toISOString(),
    last:
      last === undefined
        ? null
        : { startedAt: last.started_at, endedAt: last.ended_at, result: last.result, exitCode: last.exit_code },
  }
}
