import { z } from 'zod'
import { repositoryUrl } from '../addresses.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { flag, releaseNumber } from '../inputs.ts'
import { facts, listing } from '../output/outcome.ts'
import type { Column } from '../output/table.ts'
import { renderDuration, renderTime } from '../output/view.ts'
import type { Outcome } from '../types.ts'
import { getRelease } from './get-release.ts'
import { type ReleaseView, releaseFacts, viewReleases } from './release-view.ts'

export const releases = siteCommand({
  name: 'releases',
  group: 'Releases',
  summary: 'List the releases, or show one with its steps',
  arguments: [{ name: 'number', description: 'a release: how long each step took, and why it failed', optional: true }],
  options: [{ flags: '--all', description: 'also those whose files are gone' }],
  examples: ['releases demo', 'releases demo 12'],
  permission: 'site:read',
  input: z.object({ number: releaseNumber.optional(), all: flag }),
  run: async (context, { number, all }) =>
    number === undefined ? await listReleases(context, { all }) : await showRelease(context, number),
})

async function showRelease(context: SiteContext, number: number): Promise<Outcome> {
  const [release] = await viewReleases(context.store, [await getRelease(context, number)])
  return facts(release, (view) => (release === undefined ? [] : releaseFacts(release, view)))
}

/** @param all with those that can't be gone back to any more */
async function listReleases({ store, site, config }: SiteContext, { all }: { all: boolean }): Promise<Outcome> {
  const listed = (await store.releases.listOf(site.id)).filter(({ state }) => all || state !== 'removed')
  return listing({
    rows: await viewReleases(store, listed),
    columns,
    empty: ['Nothing was pushed yet:', `  git push ${repositoryUrl(config, site.name)} ${site.branch}`],
  })
}

const columns: readonly Column<ReleaseView>[] = [
  { head: 'NO', cell: (row) => `#${row.number}` },
  {
    head: 'STATE',
    cell: (row) => row.state,
    paint: ({ state }, { colors }) => (state === 'live' ? colors.green : state === 'failed' ? colors.red : colors.dim),
  },
  { head: 'COMMIT', cell: (row) => row.commit.slice(0, 7) },
  {
    head: 'SUBJECT',
    cell: (row) => (row.rollbackOf === null ? row.subject : `(again #${row.rollbackOf}) ${row.subject}`),
  },
  { head: 'BY', cell: (row) => row.account ?? '-' },
  { head: 'WHEN', cell: (row, view) => renderTime(row.createdAt, view) },
  { head: 'TOOK', cell: (row) => renderDuration(row.tookMs) },
]
