// One push to one site: what receive-pack's hooks ask for, in the order in which they ask.
import { prepareNext } from '../buildpacks/build.ts'
import { repositoryPath } from '../config/home.ts'
import { HostingError, toHostingError } from '../errors/hosting-error.ts'
import { renderError } from '../errors/render.ts'
import { readCommit } from '../git/commit.ts'
import { type Objects, openObjects } from '../git/objects.ts'
import { findRef, listBranches, setHeadBranch } from '../git/repository.ts'
import { makeSpare } from '../git/spare.ts'
import type { PushHooks, ReceivedPush, RefUpdate } from '../git/types.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import { beginAttempt, reasonOf, undoAttempt } from './attempt.ts'
import { goLive, prepare } from './deploy.ts'
import type { Attempt, Parts } from './parts.ts'
import { previousRelease } from './previous.ts'
import { isNothing, planPush, type PushPlan } from './push-plan.ts'
import type { DeployQueue, Slot } from './queue.ts'
import { renderAddresses } from './site-address.ts'
import type { Print } from './types.ts'
import type { WarmInstance, WarmInstances } from './warm.ts'

/** What is to be deployed, and the reader of its objects. */
interface PushedCommit extends RefUpdate {
  readonly subject: string
  readonly objects: Objects
}

export interface PushTools {
  readonly parts: Parts
  readonly queue: DeployQueue
  readonly warmInstances: WarmInstances
  readonly way?: 'upload' | undefined
}

export class PushToSite implements PushHooks {
  readonly #tools: PushTools
  readonly #account: Account
  readonly #repository: string
  #site: Site
  /** Each hook has a line of its own to the pusher. */
  #print: Print = () => undefined
  /** Started while the client still sends: a start takes longer than the rest of a small push. */
  #warm: Promise<WarmInstance> | undefined
  #slot: Slot | undefined
  #proven: { attempt: Attempt; update: RefUpdate } | undefined

  constructor(site: Site, account: Account, tools: PushTools) {
    this.#site = site
    this.#account = account
    this.#tools = tools
    this.#repository = repositoryPath(tools.parts.config.home, site.name)
    this.#warm = tools.warmInstances.take(site)
  }

  async preReceive(push: ReceivedPush): Promise<void> {
    this.#print = push.print
    const plan = await this.#plan(push)
    for (const note of plan.notes) push.print(note)
    if (plan.deploy === undefined) return
    this.#slot = await this.#turn(plan.deploy, push)
    this.#site = await this.#tools.parts.store.sites.get(this.#site.id)
    await using objects = openObjects(push.objects, this.#tools.parts.background.signal)
    const [{ subject }] = await Promise.all([readCommit(objects, plan.deploy.to), this.#mustBeCurrent(plan.deploy)])
    if (plan.adoptBranch !== undefined) await this.#adopt(plan.adoptBranch)
    await this.#prepare({ ...plan.deploy, subject, objects }, push)
  }

  async postReceive(push: ReceivedPush): Promise<void> {
    this.#print = push.print
    if (!(await this.#finish())) return
    const site = await this.#tools.parts.store.sites.get(this.#site.id)
    push.print(
      site.state === 'stopped'
        ? `✓ Stored. start ${site.name} makes it live.`
        : `✓ Live: ${await renderAddresses(site, this.#tools.parts)}`,
    )
  }

  /** receive-pack has exited, whatever it did: what was proven is finished or undone by what the ref says. */
  async end(): Promise<void> {
    try {
      if (this.#proven !== undefined && !(await this.#finish())) await this.#undo('The branch was not updated')
      if (this.#warm !== undefined) this.#tools.warmInstances.keep(this.#site, this.#warm)
      else if (this.#slot !== undefined) this.#prepareForNext()
    } finally {
      this.#slot?.leave()
    }
  }

  async #plan(push: ReceivedPush): Promise<PushPlan> {
    const isEmpty = this.#site.live_release_id === null && (await listBranches(this.#repository)).length === 0
    return planPush(push.updates, { name: this.#site.name, branch: this.#site.branch, isEmpty })
  }

  async #turn(update: RefUpdate, push: ReceivedPush): Promise<Slot> {
    const { queue, way } = this.#tools
    const what = `the ${way ?? 'push'} of ${short(update.to)} by ${this.#account.name}`
    const sayWaiting = (current: string) => push.print(`Waiting for ${current} …`)
    return way === 'upload'
      ? await queue.enterBehind(this.#site.id, what, sayWaiting)
      : await queue.enter(this.#site.id, what, sayWaiting)
  }

  /** Git would find out at the ref update, after the build: better before. */
  async #mustBeCurrent({ ref, from }: RefUpdate): Promise<void> {
    const current = await findRef(this.#repository, ref)
    if (current === (isNothing(from) ? undefined : from)) return
    throw new HostingError(
      'push-refused',
      `${ref.replace('refs/heads/', '')} has moved to ${short(current ?? 'nothing')} since this push began`,
      {
        hint: 'git pull --rebase, then push again.',
      },
    )
  }

  async #adopt(branch: string): Promise<void> {
    await setHeadBranch(this.#repository, branch)
    await this.#tools.parts.store.sites.update(this.#site.id, { branch })
    this.#site = { ...this.#site, branch }
  }

  async #prepare(update: PushedCommit, push: ReceivedPush): Promise<void> {
    const { parts } = this.#tools
    const attempt = await this.#begin(update, push)
    attempt.print(
      `Deploying ${short(update.to)} "${attempt.release.subject}" to ${this.#site.name} as release ${attempt.release.number}`,
    )
    try {
      await prepare(attempt, parts)
      this.#proven = { attempt, update }
    } catch (thrown) {
      const error = toHostingError(thrown, (reference, cause) =>
        parts.log.error({ reference, err: cause, site: this.#site.name }, 'a deploy failed'),
      )
      for (const line of renderError(error)) attempt.print(line)
      await undoAttempt(attempt, reasonOf(error), parts)
      throw this.#refusal(error)
    }
  }

  async #begin({ to, subject, objects }: PushedCommit, push: ReceivedPush): Promise<Attempt> {
    const taken = this.#warm ?? this.#tools.warmInstances.take(this.#site)
    this.#warm = undefined
    const warm = await taken
    const release = {
      id: warm.releaseId,
      commit: to,
      subject,
      account_id: this.#account.id,
      directory: warm.releaseId,
    }
    const { gitPid, objects: source } = push
    const print: Print = (line) => this.#print(line)
    return await beginAttempt(
      { kind: 'push', site: this.#site, release, warm, source, objects, gitPid, print },
      this.#tools.parts,
    )
  }

  /** What Git shows last: the reason in one line, the details were printed already. */
  #refusal(error: HostingError): HostingError {
    const still =
      this.#site.live_release_id === null ? 'Nothing was changed.' : 'The release before it serves on, unchanged.'
    return new HostingError(error.code, `Not deployed. ${still}`, { cause: error })
  }

  /** Makes the proven release live if the ref has moved to it. Safe to call twice. */
  async #finish(): Promise<boolean> {
    if (this.#proven === undefined) return false
    const { attempt, update } = this.#proven
    if ((await findRef(this.#repository, update.ref)) !== update.to) return false
    this.#proven = undefined
    await goLive(attempt, this.#tools.parts)
    return true
  }

  async #undo(reason: string): Promise<void> {
    if (this.#proven === undefined) return
    await undoAttempt(this.#proven.attempt, reason, this.#tools.parts)
    this.#proven = undefined
  }

  /** Who has pushed will push again: what the next one needs is made ready when this one is out of the way. */
  #prepareForNext(): void {
    const { parts, warmInstances } = this.#tools
    parts.background.run('prepare for the next push', async (signal) => {
      await parts.clock.sleep(1000, signal)
      const site = await parts.store.sites.find(this.#site.name)
      if (site === undefined) return
      warmInstances.prepare(site)
      const live = await previousRelease(site, parts)
      if (live === undefined) return
      await prepareNext(live.directory, signal)
      const [tree, ...others] = live.commitDirectories
      if (tree !== undefined && others.length === 0) await makeSpare(tree, signal)
    })
  }
}

function short(object: string): string {
  return object.slice(0, 7)
}
