// Commits a view and tells of it: whoever is connected, whoever comes next, and by mail. A view is committed by one at a time.
import type { HostingError } from '../errors/hosting-error.ts'
import type { WriteMail } from '../data/mail/platform-mail.ts'
import type { Store } from '../store/store.ts'
import type { ActiveView, ActiveViews } from './active-views.ts'
import { type CommitParts, commitView, type Outcome } from './commit-view.ts'
import { describe } from './report.ts'
import { writeState } from './state.ts'

export interface CommittingParts extends CommitParts {
  readonly views: ActiveViews
  readonly writeMail: WriteMail
}

interface Upload {
  readonly open: ReadonlySet<string>
  readonly program: string
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
    try {
      const print = (line: string) => active.listeners.forEach((tell) => tell(line))
      const outcome = await commitView(active.view, { ...upload, site, print }, parts)
      if (upload.open.size > 0 || hasPending(outcome)) active.dirty = true
      active.isCommitted = outcome.is === 'unchanged' || outcome.is === 'live'
      await tell(active, outcome, parts)
      return outcome.is === 'refused' || outcome.is === 'too-large' ? outcome.error : undefined
    } catch (error) {
      // What was not tried is tried again.
      active.dirty = true
      active.busyAt = performance.now()
      throw error
    }
  })
}

function hasPending(outcome: Outcome): boolean {
  return (outcome.is === 'unchanged' || outcome.is === 'live') && outcome.pending.length > 0
}

async function tell(active: ActiveView, outcome: Outcome, parts: CommittingParts): Promise<void> {
  if (outcome.is === 'unchanged') return
  const { view } = active
  const lines = describe(outcome, view.siteName)
  for (const listen of active.listeners) for (const line of lines) listen(line)
  view.state.notices = lines
  await writeState(view.directory, view.state)
  if (outcome.is !== 'live') await mail(view.account.id, lines, parts)
}

async function mail(
  accountId: number,
  lines: readonly string[],
  { store, writeMail, log }: Pick<CommittingParts, 'writeMail' | 'log'> & { store: Store },
): Promise<void> {
  const to = (await store.accounts.get(accountId)).mail
  if (to === null) return
  const subject = (lines[0] ?? '').replace(/^✗ /, '')
  await writeMail({ to, subject, lines }).catch((error: unknown) =>
    log.warn({ err: error }, 'a mail about an upload was not sent'),
  )
}
