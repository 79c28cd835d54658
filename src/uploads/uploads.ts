// What accounts upload: sessions come and go. What becomes of it meanwhile is the lookout's.
import type { Actor } from '../access/authorize.ts'
import { HostingError, toHostingError } from '../errors/hosting-error.ts'
import { renderError } from '../errors/render.ts'
import type { SiteInJail } from '../privileged/jail/order.ts'
import { type ActiveView, ActiveViews } from './active-views.ts'
import { limitsOf } from './commit-view.ts'
import { type CommittingParts, tellRefused } from './committing.ts'
import { Lookout, recordWatch } from './lookout.ts'
import { parkOpen } from './park.ts'
import { parkDoubtful, parkStaged } from './prepare.ts'
import { recoverViews } from './recover.ts'
import { hasItsRoles } from './rights.ts'
import { openBySession, openIn, type Session } from './session.ts'
import { forgetTold, noteRefusal, withRefused } from './refusals.ts'
import { describeRefusal, noticesOf } from './report.ts'
import { showSite } from './show-site.ts'
import type { Opening, Refusal, SessionEnd, Uploads, UploadSession } from './types.ts'
import { type VisibleSite, visibleSites } from './visible-sites.ts'

const askEveryMs = 2000

export class AccountUploads implements Uploads {
  readonly #parts: CommittingParts
  readonly #views: ActiveViews
  readonly #sessions = new Set<Session>()
  readonly #lookout: Lookout
  readonly #asking: NodeJS.Timeout
  #stopped = false

  constructor(parts: Omit<CommittingParts, 'views'>) {
    this.#views = new ActiveViews(parts)
    this.#parts = { ...parts, views: this.#views }
    this.#lookout = new Lookout(this.#sessions, this.#parts)
    const ask = () => void this.#revokeLost().catch((error: unknown) => parts.log.error({ err: error }, 'uploads'))
    this.#asking = setInterval(ask, askEveryMs).unref()
  }

  async open({ account, credential, program, writes, print, wanted }: Opening): Promise<UploadSession> {
    this.#mustHaveRoom(account)
    const { entered, left } = await this.#enterAll(account, { wanted, program })
    const sites = await Promise.all(entered.map((one) => this.#show(one, left)))
    const session: Session = {
      ...{ account, credential, program, writes, print },
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
      leave: (end) => this.#leave(session, end),
    }
  }

  async recover(): Promise<void> {
    await recoverViews(this.#parts)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#asking)
    await this.#lookout.stop()
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
  async #enterAll(account: Actor, { wanted, program }: Pick<Opening, 'wanted' | 'program'>) {
    const entered: (VisibleSite & { readonly active: ActiveView })[] = []
    const left: string[] = []
    const { config, store } = this.#parts
    const names = wanted.flatMap((name) => [name, `${name}.${config['base-domain']}`])
    const shown = await visibleSites(account, { store, wanted: names })
    if (shown.left > 0)
      left.push(`${shown.left} more sites are not shown. To see one of them, log in under its name: sftp SITE@HOST`)
    // A copy is about the sites in its paths: what is the matter with another is none of its business.
    const named = program === 'SFTP' ? [] : shown.sites.filter(({ site }) => names.includes(site.name))
    for (const visible of named.length > 0 ? named : shown.sites) {
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

  async #leave(session: Session, end: SessionEnd): Promise<HostingError | undefined> {
    if (!this.#sessions.has(session)) return undefined
    try {
      // What is the matter with one site must not keep the others from being committed: they are until the session is gone.
      const ends = await Promise.allSettled(session.views.map((active) => this.#leaveView(active, session, end)))
      const thrown = ends.find((one) => one.status === 'rejected')
      if (thrown !== undefined) throw thrown.reason
      return ends.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : [])).at(0)
    } finally {
      this.#sessions.delete(session)
      for (const { listeners } of session.views) listeners.delete(session.print)
    }
  }

  async #leaveView(
    active: ActiveView,
    session: Session,
    { open, killed }: SessionEnd,
  ): Promise<HostingError | undefined> {
    active.staying -= 1
    try {
      // Of a destroyed site nothing is kept.
      if ((await this.#parts.store.sites.findById(active.site.id)) === undefined) return undefined
      const { maxFiles } = limitsOf(this.#parts.config)
      await this.#views.inTurn(active, async () => {
        if (!killed) await parkOpen(active.view, open, { maxFiles })
        else {
          await parkDoubtful(active.view, maxFiles)
          active.isRecorded = false
        }
        await tellRefused(active, this.#parts)
        if (active.sessions === 1) await forgetTold(active)
      })
      // Its processes have ended: with nobody else in it, all that is not parked is complete.
      if (active.sessions === 1) await recordWatch(active, { lookedAtMs: Date.now() + askEveryMs, open: [] })
      if (active.watch?.changed() ?? true) active.dirty = true
      // Several connections of one client are one upload: the last of them ends it, unless somebody has come meanwhile. A copy by itself is one, too.
      const isLast = active.staying === 0 || session.program !== 'SFTP'
      if (!active.dirty || !isLast || !session.writes) return undefined
      if (!(await this.#lookout.mayBeWritten(active))) {
        await this.#setAside(active)
        return undefined
      }
      const { program } = session
      return await this.#lookout.commit(active, { open: openIn(active, openBySession(this.#sessions)), program })
    } finally {
      await this.#views.leave(active)
    }
  }

  async #setAside(active: ActiveView): Promise<void> {
    const site = await this.#parts.store.sites.findById(active.site.id)
    if (site !== undefined) await this.#views.inTurn(active, () => parkStaged(active.view, site, this.#parts))
  }

  /** Who may no more what it could is thrown out, and may come again for the rest. */
  async #revokeLost(): Promise<void> {
    for (const session of this.#sessions) if (!(await hasItsRoles(session, this.#parts))) session.revoke()
  }
}
