// Cron: at its time each entry of a live release is run in a container of its own. Never two runs of one entry at once, few of one site,
// and no more than the machine can take; what the platform slept through is not made up for.
import { HostingError } from '../../errors/hosting-error.ts'
import { createLimit, type Limit } from '../../lib/limit.ts'
import { pause } from '../../lib/pause.ts'
import { Turns } from '../../lib/turns.ts'
import type { Site } from '../../store/sites.ts'
import type { Parts } from '../parts.ts'
import type { Print } from '../types.ts'
import { entryKey, nextDue, plan, type Planned } from './cron-plan.ts'
import { type CronEnd, noteSkipped, runEntry } from './cron-run.ts'
import { findLiveRelease } from './live-release.ts'

/** A clock that was set, or a machine that slept, is noticed after this at the latest. */
const longestSleepMs = 30_000
/** More than this late is missed, not late. */
const lateMs = 60_000
/** A site with many entries must not take the places of others. */
const runsOfSite = 2

export class Cron {
  readonly #parts: Parts
  readonly #turns = new Turns<number>()
  readonly #machine: Limit
  readonly #planned = new Map<number, readonly Planned[]>()
  readonly #sites = new Map<
    number,
    { readonly limit: Limit; stop: AbortController; readonly runs: Set<Promise<unknown>> }
  >()
  /** Under way or waiting for a place. */
  readonly #busy = new Set<string>()
  readonly #gone = new Set<number>()
  #changed = new AbortController()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#machine = createLimit(parts.config['cron-at-once'])
  }

  /** Makes the entries of a site those of its live release. Runs under way are ended only where the site is stopped. */
  async follow(siteId: number): Promise<void> {
    await this.#turns.take(siteId, async () => {
      const live = this.#gone.has(siteId) ? undefined : await findLiveRelease(siteId, this.#parts)
      if (live === undefined) {
        this.#planned.delete(siteId)
        this.#sites.get(siteId)?.stop.abort(new Error('the site was stopped'))
        return
      }
      this.#planned.set(siteId, plan(live.site, live.manifest.cron, this.#parts.clock.now()))
      this.#changed.abort()
    })
  }

  /** Ends what runs for a site that is being destroyed. */
  async end(siteId: number): Promise<void> {
    this.#gone.add(siteId)
    await this.follow(siteId)
    await Promise.all([...(this.#sites.get(siteId)?.runs ?? [])])
    this.#sites.delete(siteId)
  }

  plannedOf(siteId: number): readonly Planned[] {
    return this.#planned.get(siteId) ?? []
  }

  isBusy(planned: Planned): boolean {
    return this.#busy.has(busyKey(planned))
  }

  /** Starts what is due, until the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#changed = new AbortController()
      const now = this.#parts.clock.now()
      for (const planned of this.#all())
        if (planned.due !== undefined && planned.due <= now.getTime()) this.#isDue(planned, now)
      const dues = this.#all().flatMap(({ due }) => due ?? [])
      const sleepMs = Math.min(longestSleepMs, Math.max(1, Math.min(...dues, Infinity) - now.getTime()))
      await pause(this.#parts.clock, sleepMs, AbortSignal.any([signal, this.#changed.signal]))
    }
  }

  /** Runs an entry now, whatever its schedule. @throws HostingError not-found, busy, conflict */
  async runNow(site: Site, number: number, print: Print): Promise<CronEnd> {
    if (site.state === 'stopped')
      throw new HostingError('conflict', `${site.name} is stopped: nothing is run for it`, {
        hint: `start ${site.name}   starts it again.`,
      })
    const planned = this.plannedOf(site.id).find((one) => one.number === number)
    if (planned === undefined)
      throw new HostingError('not-found', `${site.name} has no cron entry ${number}`, {
        hint: `cron ${site.name}   lists them.`,
      })
    if (this.isBusy(planned))
      throw new HostingError('busy', `Entry ${number} of ${site.name} runs already, or waits for its turn`, {
        hint: `logs ${site.name} --source cron -f   shows what it does.`,
      })
    return await this.#run(planned, print)
  }

  #all(): Planned[] {
    return [...this.#planned.values()].flat()
  }

  #isDue(planned: Planned, now: Date): void {
    const { entry, delayMs, due = 0 } = planned
    planned.due = nextDue(entry, delayMs, now)
    if (now.getTime() - due > lateMs) return
    this.#parts.background.run('cron', async () => {
      if (this.isBusy(planned)) await noteSkipped(planned, this.#parts)
      else await this.#run(planned)
    })
  }

  async #run(planned: Planned, print?: Print): Promise<CronEnd> {
    const site = this.#siteOf(planned.siteId)
    const key = busyKey(planned)
    this.#busy.add(key)
    const signal = AbortSignal.any([this.#parts.background.signal, site.stop.signal])
    const inTurn = () => runEntry({ planned, signal, ...(print && { print }) }, this.#parts)
    const run = site
      .limit(() => this.#machine(inTurn))
      .finally(() => {
        this.#busy.delete(key)
        site.runs.delete(run)
      })
    site.runs.add(run)
    return await run
  }

  #siteOf(siteId: number) {
    const site = this.#sites.get(siteId) ?? {
      ...{ limit: createLimit(runsOfSite), stop: new AbortController(), runs: new Set<Promise<unknown>>() },
    }
    if (site.stop.signal.aborted) site.stop = new AbortController()
    this.#sites.set(siteId, site)
    return site
  }
}

function busyKey({ siteId, entry }: Planned): string {
  return `${siteId} ${entryKey(entry)}`
}
