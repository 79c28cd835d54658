// What accounts upload, from the opening of a session to a commit: sessions come and go, a look four times a second finds what is quiet.
import type { Actor } from '../access/authorize.ts'
import { HostingError, toHostingError } from '../errors/hosting-error.ts'
import { renderError } from '../errors/render.ts'
import type { OpenFile } from '../lib/open-files.ts'
import type { SiteInJail } from '../privileged/jail/order.ts'
import { type ActiveView, ActiveViews } from './active-views.ts'
import { limitsOf } from './commit-view.ts'
import { commitActive, type CommittingParts, tellRefused } from './committing.ts'
import { parkOpen } from './park.ts'
import { recoverViews } from './recover.ts'
import { openBySession, type OpenBySession, openIn, programIn, type Session } from './session.ts'
import { forgetTold, noteRefusal, withRefused } from './refusals.ts'
import { describeFull, describeRefusal, noticesOf } from './report.ts'
import { showSite } from './show-site.ts'
import { writeWatch } from './state.ts'
import { limitWriting, pidsIn } from './tree-room.ts'
import type { Opening, Refusal, Uploads, UploadSession } from './types.ts'
import { roleOn, type VisibleSite, visibleSites } from './visible-sites.ts'

const lookEveryMs = 250
const askEveryMs = 2000
/** The clock of files is a little behind (jiffies). */
const clockSlackMs = 25

export class AccountUploads implements Uploads {
  readonly #parts: CommittingParts
  readonly #views: ActiveViews
  readonly #sessions = new Set<Session>()
  readonly #committing = new Set<Promise<unknown>>()
  readonly #timers: readonly NodeJS.Timeout[]
  #looking = false
  #stopped = false

  constructor(parts: Omit<CommittingParts, 'views'>) {
    this.#views = new ActiveViews(parts)
    this.#parts = { ...parts, views: this.#views }
    const often = (work: () => Promise<void>, everyMs: number) =>
      setInterval(() => void work().catch((error: unknown) => parts.log.error({ err: error }, 'uploads')), everyMs)
    this.#timers = [often(() => this.#look(), lookEveryMs), often(() => this.#revokeLost(), askEveryMs)]
    for (const timer of this.#timers) timer.unref()
  }

  async open({ account, credential, program, print, wanted }: Opening): Promise<UploadSession> {
    this.#mustHaveRoom(account)
    const { entered, left } = await this.#enterAll(account, wanted)
    const sites = await Promise.all(entered.map((one) => this.#show(one, left)))
    const session: Session = {
      ...{ account, credential, program, print },
      roles: new Map(entered.map(({ site, role }) => [site.id, role])),
      views: entered.map(({ active }) => active),
      pids: () => [],
      revoke: () => undefined,
    }
    this.#sessions.add(session)
    for (const { listeners } of session.views) listeners.add(print)
    return {
      sites: sites.filter((site) => site !== undefined),
      notices: [...left, ...session.views.flatMap((active) => noticesOf(withRefused(active), this.#parts.config))],
      refused: (refusal) => this.#refused(session, refusal),
      began: (processes) => Object.assign(session, processes),
      leave: (open) => this.#leave(session, open),
    }
  }

  async recover(): Promise<void> {
    await recoverViews(this.#parts)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.allSettled(this.#committing)
  }

  #mustHaveRoom({ id, name }: Actor): void {
    const most = this.#parts.config['sftp-sessions']
    const own = [...this.#sessions].filter(({ account }) => account.id === id)
    if (own.length < most && !this.#stopped) return
    throw new HostingError('busy', `${name} has ${own.length} uploads open already`, {
      hint: 'Close one of them, and try again.',
    })
  }

  /** A site that can't be shown (its branch holds what can't be checked out) keeps nobody from the others. */
  async #enterAll(account: Actor, wanted: readonly string[]) {
    const entered: (VisibleSite & { readonly active: ActiveView })[] = []
    const left: string[] = []
    const { config, store } = this.#parts
    const names = wanted.flatMap((name) => [name, `${name}.${config['base-domain']}`])
    const shown = await visibleSites(account, { store, wanted: names })
    if (shown.left > 0)
      left.push(`${shown.left} more sites are not shown. To see one of them, log in under its name: sftp SITE@HOST`)
    for (const visible of shown.sites) {
      try {
        entered.push({ ...visible, active: await this.#views.enter(visible.site, account) })
      } catch (thrown) {
        left.push(...this.#notShown(thrown, visible.site.name))
      }
    }
    return { entered, left }
  }

  async #show(visible: VisibleSite, left: string[]): Promise<SiteInJail | undefined> {
    try {
      return await showSite(visible, this.#parts)
    } catch (thrown) {
      left.push(...this.#notShown(thrown, visible.site.name))
      return undefined
    }
  }

  #notShown(thrown: unknown, site: string): string[] {
    const error = this.#known(thrown, site)
    return [`✗ ${site} is not shown:`, ...renderError(error).map((line) => `  ${line}`)]
  }

  #refused(session: Session, refusal: Refusal): void {
    const noted = noteRefusal(session, refusal)
    if (noted === undefined) return
    const { active, path, why } = noted
    session.print(describeRefusal({ path, why, site: active.site.name }, this.#parts.config))
  }

  #known(thrown: unknown, site: string): HostingError {
    const { log } = this.#parts
    return toHostingError(thrown, (reference, err) => log.error({ err, reference, site }, 'a view could not be made'))
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#sessions.size === 0) return
    this.#looking = true
    try {
      const open = openBySession(this.#sessions)
      for (const active of this.#views.list()) await this.#lookAt(active, open)
    } finally {
      this.#looking = false
    }
  }

  async #lookAt(active: ActiveView, openFiles: OpenBySession): Promise<void> {
    const lookedAtMs = Date.now() - clockSlackMs
    const changed = active.watch?.changed() ?? true
    const open = openIn(active, openFiles)
    if (changed || open.length > 0) {
      active.dirty = true
      active.busyAt = performance.now()
      await this.#record(active, { lookedAtMs, open })
      await this.#limit(active)
      return
    }
    if (!active.isRecorded) await this.#record(active, { lookedAtMs, open })
    const { config, log } = this.#parts
    const isQuiet = performance.now() - active.busyAt >= config['sftp-quiet-seconds'] * 1000
    if (!active.dirty || !isQuiet) return
    active.dirty = false
    this.#commit(active, { open: [], program: programIn(active, this.#sessions) }).catch((error: unknown) =>
      log.warn({ err: error, site: active.site.name }, 'an upload was not committed'),
    )
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

  /** Once more when nothing has changed since: what was written just before it was looked at is complete by then. */
  async #record(active: ActiveView, look: { lookedAtMs: number; open: readonly OpenFile[] }): Promise<void> {
    const { lookedAtMs, open } = look
    active.isRecorded = active.busyAt < performance.now() - clockSlackMs
    await writeWatch(active.view.directory, { lookedAtMs, open: open.map(({ inode }) => inode) })
  }

  async #commit(active: ActiveView, { open, program }: { open: readonly OpenFile[]; program: string }) {
    if (this.#stopped || !isWritten(active, this.#sessions)) return undefined
    const inodes = new Set(open.map(({ inode }) => inode))
    const work = commitActive(active, { open: inodes, program }, this.#parts)
    this.#committing.add(work)
    try {
      return await work
    } finally {
      this.#committing.delete(work)
    }
  }

  async #leave(session: Session, open: readonly OpenFile[]): Promise<HostingError | undefined> {
    if (!this.#sessions.has(session)) return undefined
    try {
      const errors = await Promise.all(session.views.map((active) => this.#leaveView(active, session, open)))
      return errors.find((error) => error !== undefined)
    } finally {
      this.#sessions.delete(session)
      for (const { listeners } of session.views) listeners.delete(session.print)
    }
  }

  async #leaveView(active: ActiveView, session: Session, open: readonly OpenFile[]): Promise<HostingError | undefined> {
    active.staying -= 1
    const isLast = active.staying === 0 || session.program !== 'SFTP'
    try {
      const { maxFiles } = limitsOf(this.#parts.config)
      await this.#views.inTurn(active, async () => {
        await parkOpen(active.view, open, { maxFiles })
        await tellRefused(active, this.#parts)
        if (active.sessions === 1) await forgetTold(active)
      })
      // Its processes have ended: with nobody else in it, all that is not parked is complete.
      if (active.sessions === 1) await this.#record(active, { lookedAtMs: Date.now() + askEveryMs, open: [] })
      if (active.watch?.changed() ?? true) active.dirty = true
      // Several connections of one client are one upload: the last of them ends it. A copy by itself is one, too.
      if (!active.dirty || !isLast) return undefined
      const { program } = session
      return await this.#commit(active, { open: openIn(active, openBySession(this.#sessions)), program })
    } finally {
      await this.#views.leave(active)
    }
  }

  /** As things are now: with what its password or its token still allows. */
  async #actorOf({ account, credential }: Session): Promise<Actor | undefined> {
    if (credential !== undefined) return await this.#parts.recheck(credential)
    return (await this.#parts.store.accounts.list()).find(({ id }) => id === account.id)
  }

  /** Who may no more what it could is thrown out, and may come again for the rest. */
  async #revokeLost(): Promise<void> {
    const { store } = this.#parts
    for (const session of this.#sessions) {
      const actor = await this.#actorOf(session)
      for (const [id, role] of session.roles) {
        const site = await store.sites.findById(id)
        if (!actor || !site || (await roleOn(site, actor, store)) !== role) session.revoke()
      }
    }
  }
}

/** Whether anybody in it may write. */
function isWritten({ site, view }: ActiveView, sessions: Iterable<Session>): boolean {
  return [...sessions].some(({ account, roles }) => account.id === view.account.id && roles.get(site.id) === 'write')
}
