// A live site with processes: a real store and real files, a clock that the test moves, and a runtime that starts nothing.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { releasePath } from '../../../../src/config/home.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { createBackground } from '../../../../src/deploy/background.ts'
import { writeManifest } from '../../../../src/deploy/manifest.ts'
import type { Parts } from '../../../../src/deploy/parts.ts'
import { createProcesses } from '../../../../src/deploy/processes/processes.ts'
import { type ProcessKind, processLogPath } from '../../../../src/deploy/processes/process-log.ts'
import type { Clock } from '../../../../src/lib/clock.ts'
import { silentLog } from '../../../../src/lib/log.ts'
import { parseHostName } from '../../../../src/names/host-name.ts'
import type { Runtime, RuntimeEvent, ToolSpec, ToolStreams } from '../../../../src/runtime/runtime.ts'
import { openStore } from '../../../../src/store/store.ts'

/** Stands still until the test lets time pass. */
export class MovedClock implements Clock {
  #now = Date.parse('2026-03-01T10:00:00Z')
  readonly #sleeping = new Set<{ at: number; wake: () => void }>()

  now(): Date {
    return new Date(this.#now)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#now + ms, wake: resolve }
      const give = () => {
        this.#sleeping.delete(sleeper)
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
      }
      if (signal?.aborted === true) {
        give()
        return
      }
      this.#sleeping.add(sleeper)
      signal?.addEventListener('abort', give, { once: true })
    })
  }

  /** Wakes whoever sleeps, in order. Between two of them there is time for what the first one does. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      const [next] = [...this.#sleeping].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      this.#sleeping.delete(next)
      next.wake()
      await delay(4)
    }
    this.#now = end
  }

  /** As if the machine had slept: nobody wakes in between. */
  jump(ms: number): void {
    this.#now += ms
  }
}

interface Running {
  readonly spec: ToolSpec
  readonly streams: ToolStreams
  end(exitCode: number): void
}

/** Programs and tools that end when the test says so. */
function createRuntime() {
  const done: string[] = []
  const programs = new Map<string, 'running' | 'stopped'>()
  const tools: Running[] = []
  const events: RuntimeEvent[] = []
  let wake: () => void = () => undefined
  const tell = (event: RuntimeEvent) => {
    events.push(event)
    wake()
  }
  const commandOf = ({ command }: ToolSpec) => command.at(-1) ?? ''
  const runtime: Partial<Runtime> = {
    status: (id) => Promise.resolve(programs.get(id) ?? 'missing'),
    startProgram(spec) {
      done.push(`start ${commandOf(spec)}`)
      programs.set(spec.id, 'running')
      return Promise.resolve()
    },
    stop(id) {
      if (programs.get(id) === 'running') done.push('stop')
      programs.set(id, 'stopped')
      return Promise.resolve()
    },
    remove(id) {
      programs.delete(id)
      return Promise.resolve()
    },
    async *logs() {},
    async *events(signal) {
      while (!signal.aborted) {
        yield* events.splice(0)
        await new Promise<void>((resolve) => {
          wake = resolve
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
      }
    },
    runTool: (spec, streams) =>
      new Promise((resolve, reject) => {
        tools.push({ spec, streams, end: resolve })
        streams.signal.addEventListener('abort', () => reject(new Error('ended')), { once: true })
      }),
  }
  return {
    runtime,
    done,
    tools,
    running: () => [...programs].filter(([, state]) => state === 'running').map(([id]) => id),
    /** A program ends by itself. */
    die(id: string, exitCode: number) {
      programs.set(id, 'stopped')
      tell({ type: 'exited', id, exitCode })
    },
    lose(id: string) {
      programs.delete(id)
    },
    commands: () => tools.map(({ spec }) => commandOf(spec)),
  }
}

interface Content {
  readonly workers?: Record<string, string>
  readonly cron?: readonly { schedule: string; command: string; timezone?: string }[]
}

export async function createSite(options: Record<string, string> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'hosting-processes-'))
  const config = loadConfig({ flags: { home: root, ...options }, env: {} })
  const clock = new MovedClock()
  const store = await openStore(':memory:', clock)
  const fake = createRuntime()
  const owner = await store.accounts.add('ann', 'user')
  const name = parseHostName('demo.localhost')
  const { id: siteId } = await store.sites.add({ name, ownerId: owner.id, branch: 'main' })
  let background = createBackground(silentLog)
  let processes = createProcesses()
  let count = 0

  async function start() {
    background = createBackground(silentLog)
    processes = createProcesses()
    const databases = { surroundings: () => Promise.resolve(undefined) }
    await processes.start({
      config,
      store,
      clock,
      databases,
      background,
      log: silentLog,
      ...fake,
      processes,
    } as unknown as Parts)
  }

  return {
    ...fake,
    ...{ clock, store, siteId, start },
    site: () => store.sites.get(siteId),
    get processes() {
      return processes
    },
    /** Another release, or the same content again, becomes live. */
    async deploy({ workers = {}, cron = [] }: Content) {
      const id = `release${++count}`
      const directory = releasePath(config.home, name, id)
      await mkdir(directory, { recursive: true })
      const health = { path: '/', timeoutMs: 1000 }
      const kind = { buildpack: 'static', image: 'static', source: 'commit' } as const
      await writeManifest(directory, { ...kind, health, storage: [], workers, cron: [...cron] })
      await store.releases.add({ id, site_id: siteId, commit: 'c', subject: 's', account_id: owner.id, directory: id })
      await store.sites.update(siteId, { live_release_id: id, live_instance_id: `instance${count}` })
      processes.follow(siteId)
    },
    async stop() {
      await store.sites.update(siteId, { state: 'stopped', live_instance_id: null })
      processes.follow(siteId)
    },
    log: (kind: ProcessKind) => readFile(processLogPath(config.home, name, kind), 'utf8').catch(() => ''),
    /** As when the daemon is stopped. */
    halt: () => background.stop(),
    async [Symbol.asyncDispose]() {
      await background.stop()
      await store.close()
      await rm(root, { recursive: true })
    },
  }
}
