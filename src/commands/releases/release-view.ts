// A release as `releases` shows it, as a row and by itself.
import { z } from 'zod'
import type { Release } from '../../store/releases.ts'
import type { Store } from '../../store/store.ts'
import type { Fact } from '../output/outcome.ts'
import { type View, renderDuration, renderTime } from '../output/view.ts'

const timingsSchema = z.record(z.string(), z.number())

export type ReleaseView = Awaited<ReturnType<typeof viewReleases>>[number]

export async function viewReleases(store: Store, releases: readonly Release[]) {
  const accounts = new Map((await store.accounts.list()).map(({ id, name }) => [id, name]))
  return releases.map((release) => {
    const timings = timingsSchema.parse(JSON.parse(release.timings))
    const spent = Object.values(timings)
    return {
      number: release.number,
      state: release.state,
      commit: release.commit,
      subject: release.subject,
      buildpack: release.buildpack,
      account: accounts.get(release.account_id ?? -1) ?? null,
      rollbackOf: release.rollback_of,
      reason: release.reason,
      createdAt: release.created_at,
      liveAt: release.live_at,
      tookMs: spent.length === 0 ? null : spent.reduce((sum, ms) => sum + ms, 0),
      timingsMs: timings,
    }
  })
}

export function releaseFacts(release: ReleaseView, view: View): Fact[] {
  return [
    ['Release', `#${release.number}`],
    ['State', release.state],
    ...(release.reason === null ? [] : [['Reason', release.reason] as const]),
    ['Commit', release.commit],
    ['Subject', release.subject],
    ['By', release.account ?? '-'],
    ...(release.rollbackOf === null ? [] : [['Repeats', `#${release.rollbackOf}`] as const]),
    ['Buildpack', release.buildpack ?? '-'],
    ['Created', renderTime(release.createdAt, view)],
    ['Live since', renderTime(release.liveAt, view)],
    ...Object.entries(release.timingsMs).map(([step, ms]) => [`  ${step}`, renderDuration(ms)] as const),
    ['Took', renderDuration(release.tookMs)],
  ]
}
