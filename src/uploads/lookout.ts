// Looks at the views in use four times a second: what is written there, what is open, what has been quiet for long enough and is committed.
import type { HostingError } from '../errors/hosting-error.ts'
import type { OpenFile } from '../lib/open-files.ts'
import type { ActiveView } from './active-views.ts'
import { commitActive, type CommittingParts } from './committing.ts'
import { describeCrowded, describeFull } from './report.ts'
import { currentRole } from './rights.ts'
import { openBySession, type OpenBySession, openIn, programIn, type Session } from './session.ts'
import { writeWatch } from './state.ts'
import { limitWriting, pidsIn } from './tree-room.ts'

const lookEveryMs = 250
/** The clock of files is a little behind (jiffies). */
const clockSlackMs = 25

export class Lookout {
  readonly #sessions: ReadonlySet<Session>
  readonly #parts: CommittingParts
  readonly #committing = new Set<Promise<unknown>>()
  readonly #timer: NodeJS.Timeout
  #looking = false
  #stopped = false

  constructor(sessions: ReadonlySet<Session>, parts: CommittingParts) {
    this.#sessions = sessions
    this.#parts = parts
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref()
  }

  /** Nothing is committed from now on; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await Promise.allSettled(this.#committing)
  }

  /** @returns why it is not live */
  async commit(
    active: ActiveView,
    { open, program }: { open: readonly OpenFile[]; program: string },
  ): Promise<HostingError | undefined> {
    if (this.#stopped || !(await this.mayBeWritten(active))) return undefined
    active.isExpected = false
    const inodes = new Set(open.map(({ inode }) => inode))
    const work = commitActive(active, { open: inodes, program, mayStill: () => this.mayBeWritten(active) }, this.#parts)
    this.#committing.add(work)
    try {
      return await work
    } finally {
      this.#committing.delete(work)
    }
  }

  #look(): void {
    this.#lookAtAll().catch((error: unknown) => this.#parts.log.error({ err: error }, 'uploads'))
  }

  async #lookAtAll(): Promise<void> {
    if (this.#looking || this.#sessions.size === 0) return
    this.#looking = true
    try {
      const open = openBySession(this.#sessions)
      // Some are left meanwhile.
      for (const active of this.#parts.views.list()) if (active.sessions > 0) await this.#lookAt(active, open)
    } finally {
      this.#looking = false
    }
  }

  async #lookAt(active: ActiveView, openFiles: OpenBySession): Promise<void> {
    const lookedAtMs = Date.now() - clockSlackMs
    const changed = active.watch?.changed() ?? true
    const open = openIn(active, openFiles)
    if (changed || open.length > 0) {
      if (changed && !active.isExpected) await this.#expect(active)
      active.dirty = true
      active.busyAt = performance.now()
      await recordWatch(active, { lookedAtMs, open })
      await this.#limit(active)
      this.#limitEntries(active)
      return
    }
    if (!active.isRecorded) await recordWatch(active, { lookedAtMs, open })
    if (!active.dirty) return
    const { config, log } = this.#parts
    const quietInMs = config['sftp-quiet-seconds'] * 1000 - (performance.now() - active.busyAt)
    if (quietInMs > 0) {
      if (quietInMs < lookEveryMs) setTimeout(() => this.#look(), quietInMs).unref()
      return
    }
    active.dirty = false
    this.commit(active, { open: [], program: programIn(active, this.#sessions) }).catch((error: unknown) =>
      log.warn({ err: error, site: active.site.name }, 'an upload was not committed'),
    )
  }

  /** The instance that is to serve it starts while the rest of it is uploaded. */
  async #expect(active: ActiveView): Promise<void> {
    active.isExpected = true
    const site = await this.#parts.store.sites.findById(active.site.id)
    if (site !== undefined && (await this.mayBeWritten(active))) this.#parts.deployments.expectPush(site)
  }

  /** By somebody who is in it, as of now: what was staged does not go live for who has lost the right to it. */
  async mayBeWritten({ site, view }: ActiveView): Promise<boolean> {
    const own = [...this.#sessions].filter(({ account, roles }) => account.id === view.account.id && roles.has(site.id))
    for (const session of own) if ((await currentRole(session, site.id, this.#parts)) === 'write') return true
    return false
  }

  /** Of files and folders nothing but an end keeps a client from making more. They may be removed. */
  #limitEntries(active: ActiveView): void {
    const { config } = this.#parts
    const entries = active.watch?.entries ?? 0
    const isMore = entries > active.leastEntries
    active.leastEntries = Math.min(active.leastEntries, entries)
    if (!isMore || entries <= 2 * config['max-files']) return
    for (const tell of active.listeners) tell(describeCrowded(active.site.name, config))
    for (const { views, revoke } of this.#sessions) if (views.includes(active)) revoke()
  }

  /** A tree that has become too large, or has room again. */
  async #limit(active: ActiveView): Promise<void> {
    const { config } = this.#parts
    const { isFull, room } = active
    const now = await room.look(active.view, { pids: pidsIn(active, this.#sessions), isFull })
    if (now === undefined || (now === isFull && !now)) return
    active.isFull = now
    for (const session of [...this.#sessions].filter(({ views }) => views.includes(active)))
      await limitWriting(session, { refuse: session.views.some((view) => view.isFull), config })
    if (now && !isFull) for (const tell of active.listeners) tell(describeFull(active.site.name, config))
  }
}

/** Once more when nothing has changed since: what was written just before it was looked at is complete by then. */
export async function recordWatch(
  active: ActiveView,
  { lookedAtMs, open }: { lookedAtMs: number; open: readonly OpenFile[] },
): Promise<void> {
  active.isRecorded = active.busyAt < performance.now() - clockSlackMs
  await writeWatch(active.view.directory, { lookedAtMs, open: open.map(({ inode }) => inode) })
}
