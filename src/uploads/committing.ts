// Commits a view and tells of it: whoever is connected, whoever comes next, and by mail. A view is committed by one at a time.
import type { Logins } from '../access/logins/logins.ts'
import { HostingError } from '../errors/hosting-error.ts'
import type { Deployments } from '../deploy/types.ts'
import type { WriteMail } from '../data/mail/platform-mail.ts'
import type { ActiveView, ActiveViews } from './active-views.ts'
import { describeBeneath, newBeneath } from './beneath.ts'
import { type CommitParts, commitView, limitsOf, type Outcome } from './commit-view.ts'
import { keptOf, unpark } from './park.ts'
import { settleRefusals } from './refusals.ts'
import { describe, describeKept, describeRefused } from './report.ts'
import { writeState } from './state.ts'
import type { View } from './view.ts'

export interface CommittingParts extends CommitParts {
  readonly deployments: Pick<Deployments, 'push' | 'expectPush'>
  /** Who came with it, as things are now. */
  readonly recheck: Logins['recheck']
  readonly views: ActiveViews
  readonly writeMail: WriteMail
}

interface Upload {
  readonly open: ReadonlySet<string>
  readonly program: string
  /** Whether its account may change the site, as of then. */
  readonly mayStill: () => Promise<boolean>
}

/** @returns why it is not live */
export async function commitActive(
  active: ActiveView,
  upload: Upload,
  parts: CommittingParts,
): Promise<HostingError | undefined> {
  return await parts.views.inTurn(active, async () => {
    const site = await parts.store.sites.findById(active.site.id)
    if (site === undefined) return undefined
    active.dirty = false
    await tellRefused(active, parts)
    unpark(active.view)
    try {
      const print = (line: string) => active.listeners.forEach((tell) => tell(line))
      const outcome = await commitView(active.view, { ...upload, site, print }, parts)
      if (upload.open.size > 0 || hasPending(outcome)) active.dirty = true
      active.isCommitted = outcome.is === 'unchanged' || outcome.is === 'live'
      await tell(active, outcome, parts)
      const hidden = await tellHidden(active, parts)
      const error = errorOf(outcome, active.view) ?? hidden
      if (error !== hidden && error?.code === 'conflict' && outcome.is !== 'conflict' && upload.program !== 'SFTP')
        describeKept(active.view).forEach(print)
      return error
    } catch (error) {
      // What was not tried is tried again.
      active.dirty = true
      active.busyAt = performance.now()
      throw error
    }
  })
}

function hasPending(outcome: Outcome): boolean {
  if (outcome.is === 'conflict') return outcome.rest !== undefined && hasPending(outcome.rest)
  return (outcome.is === 'unchanged' || outcome.is === 'live') && outcome.pending.length > 0
}

function errorOf(outcome: Outcome, { state }: View): HostingError | undefined {
  // Also when the same is copied again: rsync sends nothing then.
  if (keptOf(state).length > 0) return new HostingError('conflict', 'Somebody else has changed what you uploaded')
  return outcome.is === 'refused' || outcome.is === 'too-large' ? outcome.error : undefined
}

async function tell(active: ActiveView, outcome: Outcome, parts: CommittingParts): Promise<void> {
  const { view } = active
  if (outcome.is === 'unchanged') {
    await forget(view, outcome)
    return
  }
  const lines = describe(outcome, view.siteName)
  for (const listen of active.listeners) for (const line of lines) listen(line)
  const isLive = outcome.is === 'live'
  const inConflict = outcome.is === 'conflict'
  Object.assign(view.state, { notices: lines, failed: !isLive, inConflict, ...(isLive && notMailed(view)) })
  await writeState(view.directory, view.state)
  if (!isLive) await mail(view, { kind: outcome.is, lines }, parts)
}

/** Uploads that came to lie where nobody sees them. */
async function tellHidden(
  { view, beneath, listeners }: ActiveView,
  { config }: CommittingParts,
): Promise<HostingError | undefined> {
  const paths = await newBeneath(view, beneath, limitsOf(config))
  const lines = describeBeneath(paths, view.siteName)
  if (lines.length === 0) return undefined
  for (const listen of listeners) for (const line of lines) listen(line)
  view.state.notices.push(...lines)
  await writeState(view.directory, view.state)
  return new HostingError('conflict', 'The site has nothing in the place of this storage, or something else')
}

/** What was refused has been taken back. What is kept of a conflict is told by itself. */
async function forget({ state, directory }: View, { isAsBranch }: { isAsBranch: boolean }): Promise<void> {
  if (!isAsBranch || !state.failed || (state.inConflict && keptOf(state).length > 0)) return
  Object.assign(state, { notices: [], failed: false, inConflict: false, attempted: null, ...notMailed({ state }) })
  await writeState(directory, state)
}

/** What fails next is another trouble. */
function notMailed({ state }: Pick<View, 'state'>) {
  const last = state.mailed[noRoom]
  return { mailed: last === undefined ? {} : { [noRoom]: last } }
}

const noRoom = 'no room'

/** To be called in the view's turn. Those who are connected were told when it happened. */
export async function tellRefused(active: ActiveView, parts: CommittingParts): Promise<void> {
  if (!(await settleRefusals(active, parts.config))) return
  const { view } = active
  const lines = describeRefused(view, parts.config)
  await mail(view, { kind: noRoom, lines }, parts)
}

/** Who goes on uploading is not written to for each file. */
const mailAgainMs = 15 * 60_000

async function mail(
  { account, state, directory }: View,
  { kind, lines }: { kind: string; lines: readonly string[] },
  { store, writeMail, log, clock }: CommittingParts,
): Promise<void> {
  const to = (await store.accounts.get(account.id)).mail
  const now = clock.now().getTime()
  if (to === null || now - (state.mailed[kind] ?? -Infinity) < mailAgainMs) return
  state.mailed[kind] = now
  await writeState(directory, state)
  const subject = (lines[0] ?? '').replace(/^✗ /, '').replace(/:$/, '')
  await writeMail({ to, subject, lines }).catch((error: unknown) =>
    log.warn({ err: error }, 'a mail about an upload was not sent'),
  )
}
