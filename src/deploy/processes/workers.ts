// Workers: the processes of a Procfile beside `web`, each a container of its own. They follow the live instance: where another one is live,
// the old workers are ended, then the new ones started. One that ends is started again, after longer and longer pauses.
import { createId } from '../../lib/id.ts'
import { createLimit } from '../../lib/limit.ts'
import { Turns } from '../../lib/turns.ts'
import type { Worker } from '../../store/workers.ts'
import { oneOffTool, shellCommand } from '../one-off.ts'
import type { Parts } from '../parts.ts'
import { delayAfter, shortRuns } from './back-off.ts'
import { findLiveRelease, type LiveRelease } from './live-release.ts'
import { archiveOutput, noteEnd } from './worker-log.ts'

/** After a power cut all are started: the requests that come then need the machine as well. */
const startsAtOnce = 4

export class Workers {
  readonly #parts: Parts
  readonly #turns = new Turns<number>()
  readonly #startLimit = createLimit(startsAtOnce)
  /** Sites that are being destroyed. Their ids are never given out again. */
  readonly #gone = new Set<number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Makes the workers of a site those of its live release. */
  async follow(siteId: number): Promise<void> {
    await this.#turns.take(siteId, () => this.#settle(siteId))
  }

  /** The same after their ends may have been missed. */
  async check(siteId: number): Promise<void> {
    await this.#turns.take(siteId, async () => {
      await this.#settle(siteId)
      for (const worker of await this.#parts.store.workers.listOf(siteId)) await this.#restartIfDown(worker)
    })
  }

  /** A container has ended; it may be none of a worker. */
  async exited(id: string, exitCode: number): Promise<void> {
    const worker = await this.#parts.store.workers.find(id)
    if (worker === undefined) return
    await this.#turns.take(worker.site_id, () => this.#ended(id, exitCode))
  }

  /** Ends the workers of a site that is being destroyed, by force, and starts no more. */
  async end(siteId: number): Promise<void> {
    this.#gone.add(siteId)
    // Before our turn: it may be that of somebody who waits for one of them to end in its own time.
    await this.#removeAll(siteId)
    await this.#turns.take(siteId, () => this.#removeAll(siteId))
  }

  async #removeAll(siteId: number): Promise<void> {
    const { store, runtime } = this.#parts
    for (const { id } of await store.workers.listOf(siteId)) {
      await runtime.remove(id)
      await store.workers.remove(id)
    }
  }

  async #settle(siteId: number): Promise<void> {
    const { store } = this.#parts
    const live = this.#gone.has(siteId) ? undefined : await findLiveRelease(siteId, this.#parts)
    const wanted = live?.manifest.workers ?? {}
    const there = await store.workers.listOf(siteId)
    const isRight = ({ instance_id, name }: Worker) => instance_id === live?.instanceId && Object.hasOwn(wanted, name)
    await Promise.all(there.filter((worker) => !isRight(worker)).map((worker) => this.#replace(worker)))
    if (live === undefined) return
    const running = new Set(there.filter(isRight).map(({ name }) => name))
    await Promise.all(
      Object.keys(wanted)
        .filter((name) => !running.has(name))
        .map((name) => this.#add(name, live)),
    )
  }

  async #add(name: string, live: LiveRelease): Promise<void> {
    const { store } = this.#parts
    const worker = { id: createId(), site_id: live.site.id, name, instance_id: live.instanceId }
    await this.#start(await store.workers.add(worker), live)
  }

  /** Its own end, within the time that an instance has as well; its output is kept. */
  async #replace({ id, site_id: siteId, name }: Worker): Promise<void> {
    const { runtime, store, config, onStep } = this.#parts
    onStep?.('before:end-worker')
    await runtime.stop(id, config['drain-timeout'] * 1000)
    await archiveOutput({ id, siteId, name }, this.#parts)
    await runtime.remove(id)
    await store.workers.remove(id)
    onStep?.('after:end-worker')
  }

  async #start(worker: Worker, { directory, manifest, site }: LiveRelease): Promise<void> {
    const { store, runtime, clock, log, onStep } = this.#parts
    const line = manifest.workers[worker.name] ?? ''
    const started = { started_at: clock.now().toISOString(), ended_at: null, exit_code: null, next_at: null }
    await store.workers.update(worker.id, started)
    onStep?.('before:start-worker')
    try {
      const command = shellCommand(line)
      const tool = await oneOffTool(site, { directory, image: manifest.image, command }, this.#parts)
      await this.#startLimit(() => runtime.startProgram({ ...tool, id: worker.id }))
    } catch (error) {
      log.error({ err: error, site: site.name, worker: worker.name }, 'a worker could not be started')
      await this.#ended(worker.id, null)
    }
    onStep?.('after:start-worker')
  }

  async #ended(id: string, exitCode: number | null): Promise<void> {
    const { store, clock } = this.#parts
    const worker = await store.workers.find(id)
    // Told late: by now it has been noted, or it runs again.
    if (worker === undefined || worker.ended_at !== null || (await this.#isRunning(id))) return
    const now = clock.now().getTime()
    const ranMs = now - Date.parse(worker.started_at ?? clock.now().toISOString())
    const failures = shortRuns(worker.failures, ranMs)
    const delayMs = delayAfter(failures)
    const [ended, next] = [now, now + delayMs].map((time) => new Date(time).toISOString())
    await store.workers.update(id, { ended_at: ended, exit_code: exitCode, failures, next_at: next })
    await noteEnd({ worker, exitCode, ranMs, delayMs }, this.#parts)
    this.#startLater(worker, delayMs)
  }

  async #restartIfDown({ id, site_id: siteId, next_at: next }: Worker): Promise<void> {
    const { store, clock } = this.#parts
    if (await this.#isRunning(id)) return
    const now = clock.now()
    const worker = { id, site_id: siteId }
    if (next === null) {
      const at = now.toISOString()
      await store.workers.update(id, { ended_at: at, exit_code: null, next_at: at })
    }
    this.#startLater(worker, Math.max(0, Date.parse(next ?? now.toISOString()) - now.getTime()))
  }

  #startLater({ id, site_id: siteId }: Pick<Worker, 'id' | 'site_id'>, delayMs: number): void {
    const { background, clock } = this.#parts
    background.run('start a worker again', async (signal) => {
      await clock.sleep(delayMs, signal)
      await this.#turns.take(siteId, () => this.#startAgain(id))
    })
  }

  async #startAgain(id: string): Promise<void> {
    const worker = await this.#parts.store.workers.find(id)
    if (worker === undefined || worker.ended_at === null || this.#gone.has(worker.site_id)) return
    const live = await findLiveRelease(worker.site_id, this.#parts)
    if (live?.instanceId === worker.instance_id) await this.#start(worker, live)
  }

  /** A runtime that does not answer does not tell: then it counts as ended, and is tried again. */
  async #isRunning(id: string): Promise<boolean> {
    return (await this.#parts.runtime.status(id).catch(() => undefined)) === 'running'
  }
}
