// The programs that people run in their sites (`run`, `shell`): so many at a time, and none of a site that is being destroyed.
// What a crash leaves of them, start-up removes (strays.ts).
import { HostingError } from '../errors/hosting-error.ts'
import type { ToolStreams } from '../runtime/runtime.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import { oneOffTool } from './one-off.ts'
import type { Parts } from './parts.ts'
import type { Print } from './types.ts'

export interface OneOffRun {
  readonly account: Account
  readonly command: readonly string[]
  readonly streams: ToolStreams
  /** Told how the image gets on, if it has to be made. */
  readonly print: Print
}

interface Running {
  readonly siteId: number
  readonly accountId: number
  readonly end: AbortController
  readonly ended: Promise<unknown>
}

export class OneOffs {
  readonly #parts: Parts
  readonly #running = new Set<Running>()
  /** Sites that are being destroyed. Their ids are never given out again. */
  readonly #ended = new Set<number>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @returns the exit status. @throws HostingError conflict, busy, and what runtime.runTool throws */
  async run(site: Site, run: OneOffRun): Promise<number> {
    if (this.#ended.has(site.id)) throw beingDestroyed(site)
    this.#mustHaveRoom(site, run.account)
    const end = new AbortController()
    const work = this.#start(site, run, end.signal)
    const ended = work.catch(() => undefined)
    const running = { siteId: site.id, accountId: run.account.id, end, ended }
    this.#running.add(running)
    // The platform ends when it has ended.
    this.#parts.background.run('a one-off program', async () => {
      await ended
    })
    return await work.finally(() => this.#running.delete(running))
  }

  /** Nothing runs for this site any more, nor will: resolves when nothing of it is left. */
  async end(siteId: number): Promise<void> {
    this.#ended.add(siteId)
    const running = [...this.#running].filter((one) => one.siteId === siteId)
    for (const { end } of running) end.abort(new HostingError('stopped', 'The site was destroyed meanwhile'))
    await Promise.all(running.map(({ ended }) => ended))
  }

  async #start(site: Site, { command, streams, print }: OneOffRun, ended: AbortSignal): Promise<number> {
    const { runtime, store, background } = this.#parts
    const { live_release_id: live } = await store.sites.get(site.id)
    if (live === null) throw nothingDeployed(site)
    const { directory } = await store.releases.get(live)
    const tool = await oneOffTool(site, { directory, command }, this.#parts)
    await runtime.ensureImage(tool.image, print)
    const { terminal } = streams
    const forTerminal =
      terminal === undefined
        ? {}
        : { TERM: 'xterm-256color', ONE_OFF_TERMINAL: `rows ${terminal.rows} cols ${terminal.columns}` }
    const signal = AbortSignal.any([streams.signal, ended, background.signal])
    return await runtime.runTool({ ...tool, env: { ...forTerminal, ...tool.env } }, { ...streams, signal })
  }

  #mustHaveRoom({ id, name }: Site, account: Account): void {
    const { config } = this.#parts
    const running = [...this.#running]
    const ofSite = running.filter(({ siteId }) => siteId === id).length
    if (ofSite >= config['one-offs-per-site']) throw tooMany(name, ofSite)
    const ofAccount = running.filter(({ accountId }) => accountId === account.id).length
    if (ofAccount >= config['one-offs-per-account']) throw tooMany(account.name, ofAccount)
  }
}

function tooMany(who: string, count: number): HostingError {
  return new HostingError('busy', `${who} has ${count} programs of run and shell at work already, as many as it may`, {
    hint: 'Try again when one of them has ended. A program ends with the connection that it was started by.',
  })
}

function nothingDeployed({ name }: Site): HostingError {
  return new HostingError('conflict', `Nothing has been deployed to ${name} yet, so there is nothing to run in`, {
    hint: 'git push first.',
  })
}

function beingDestroyed({ name }: Site): HostingError {
  return new HostingError('conflict', `${name} is being destroyed`)
}
