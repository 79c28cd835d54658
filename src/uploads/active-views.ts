// The views that are in use, each once, whoever came how often: they share its tree, its watch and its turn to be committed.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { removeTree } from '../lib/files.ts'
import { type TreeWatch, watchTree } from '../lib/posix/watch-tree.ts'
import { Turns } from '../lib/turns.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import { type Beneath, filesBeneath } from './beneath.ts'
import { type CommitParts, limitsOf } from './commit-view.ts'
import type { ObjectCache } from './objects.ts'
import { openView, prepareView } from './prepare.ts'
import { type NotedRefusal, tellOnce } from './refusals.ts'
import { writeWatch } from './state.ts'
import { TreeRoom } from './tree-room.ts'
import { treeOf, type View } from './view.ts'

export interface ActiveView {
  readonly view: View
  readonly site: Pick<Site, 'id' | 'name'>
  sessions: number
  /** Of those, the ones that may write still: the last to go commits, also while one that went before does so. */
  staying: number
  watch: TreeWatch | undefined
  /** What is recorded of it (state.ts) says that all is complete. */
  isRecorded: boolean
  /** Something was written since the last commit. */
  dirty: boolean
  /** An instance waits for its commit. */
  isExpected: boolean
  /** The last look at all of it found nothing that the branch does not have. */
  isCommitted: boolean
  /** When something was last written or open, by performance.now(). */
  busyAt: number
  /** Refused room since it was last settled, by path. */
  readonly refused: Map<string, NotedRefusal>
  /** Refused before, and told to whoever is in it now. */
  readonly told: Set<string>
  readonly room: TreeRoom
  /** Nothing more is written in it. */
  isFull: boolean
  /** Where storage is shown before it. */
  readonly beneath: Beneath
  /** The fewest files and folders that it had: where there are too many, no more are made. */
  leastEntries: number
  /** The last to come: they are told. */
  readonly listeners: Set<(line: string) => void>
}

interface Known {
  readonly objects: ObjectCache
  readonly isCommitted: boolean
}

const mostKnown = 1000
/** Of all of them together: 200 bytes or so each. */
const mostKnownFiles = 200_000

export class ActiveViews {
  readonly #views = new Map<string, ActiveView>()
  readonly #parts: CommitParts
  /** Of views that were left, the last ones: else all of a view would be hashed again, or at least looked at, for each session. */
  readonly #known = new Map<string, Known>()
  readonly turns = new Turns<string>()

  constructor(parts: CommitParts) {
    this.#parts = parts
  }

  list(): ActiveView[] {
    return [...this.#views.values()]
  }

  /** Whoever enters must leave. */
  async enter(site: Site, account: Account): Promise<ActiveView> {
    const key = keyOf(site.id, account.id)
    // Not the turn of commits: nobody waits for a release under way to look at their files.
    return await this.turns.take(`enter ${key}`, async () => {
      const active = this.#views.get(key) ?? (await this.#activate(site, account))
      this.#views.set(key, active)
      active.sessions += 1
      active.staying += 1
      return active
    })
  }

  async leave(active: ActiveView): Promise<void> {
    const key = keyOf(active.view.siteId, active.view.account.id)
    const leaving = async () => {
      active.sessions -= 1
      if (active.sessions > 0) return
      this.#views.delete(key)
      this.#remember(key, { objects: active.view.objects, isCommitted: active.isCommitted && !active.dirty })
      active.watch?.[Symbol.dispose]()
      await rm(join(active.view.directory, 'watch.json'), { force: true })
      if ((await this.#parts.store.sites.findById(active.site.id)) === undefined) {
        this.#known.delete(key)
        await removeTree(active.view.directory)
      }
    }
    await this.inTurn(active, () => this.turns.take(`enter ${key}`, leaving))
  }

  /** Nobody leaves for good, and nothing else is committed of this view meanwhile. */
  async inTurn<T>({ view }: Pick<ActiveView, 'view'>, work: () => Promise<T>): Promise<T> {
    return await this.turns.take(keyOf(view.siteId, view.account.id), work)
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key)
    this.#known.set(key, known)
    let files = [...this.#known.values()].reduce((sum, { objects }) => sum + objects.size, 0)
    for (const [oldest, { objects }] of this.#known) {
      if (files <= mostKnownFiles && this.#known.size <= mostKnown) break
      this.#known.delete(oldest)
      files -= objects.size
    }
  }

  async #activate(site: Site, account: Account): Promise<ActiveView> {
    const known = this.#known.get(keyOf(site.id, account.id))
    const objects = known?.objects ?? (new Map() as ObjectCache)
    const view = { ...(await openView(site, account, this.#parts)), objects }
    const isClean = await prepareView(view, site, this.#parts)
    const isCommitted = isClean || known?.isCommitted === true
    await writeWatch(view.directory, { lookedAtMs: Date.now(), open: [] })
    const beneath = await filesBeneath(view, limitsOf(this.#parts.config))
    // Storage is not in there for this process, but what is put where it should be is.
    const watch = await watchTree(treeOf(view))
    const busyAt = performance.now()
    // What an earlier run left uncommitted counts as written just now.
    const state = { isRecorded: true, isCommitted, dirty: !isCommitted, busyAt, isFull: false, isExpected: false }
    return {
      ...{ view, site, sessions: 0, staying: 0, watch, ...state, listeners: new Set() },
      ...{ refused: new Map(), told: tellOnce(view), room: new TreeRoom(this.#parts.config) },
      ...{ leastEntries: watch?.entries ?? 0, beneath },
    }
  }
}

function keyOf(siteId: number, accountId: number): string {
  return `${siteId}-${accountId}`
}
