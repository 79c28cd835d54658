import { siteAddress } from '../../deploy/site-address.ts'
import { repositoryUrl } from '../addresses.ts'
import { command } from '../command.ts'
import { nothing } from '../inputs.ts'
import { listing } from '../output/outcome.ts'
import type { Column } from '../output/table.ts'
import { renderTime } from '../output/view.ts'
import type { CommandContext } from '../types.ts'

export const sites = command({
  name: 'sites',
  group: 'Sites',
  summary: 'List the sites you can use',
  examples: ['sites', 'sites --json'],
  permission: 'signed-in',
  input: nothing,
  run: async (context) =>
    listing({
      rows: await siteRows(context),
      columns,
      empty: ['No sites yet. A first push makes one:', `  git push ${repositoryUrl(context.config, 'demo')} main`],
    }),
})

type Row = Awaited<ReturnType<typeof siteRows>>[number]

const columns: readonly Column<Row>[] = [
  { head: 'SITE', cell: (row) => row.name },
  {
    head: 'STATE',
    cell: (row) => row.state,
    paint: ({ state }, { colors }) => (state === 'running' ? colors.green : colors.yellow),
  },
  {
    head: 'RELEASE',
    cell: ({ release, commit }) => (release === null ? '-' : `#${release} ${commit?.slice(0, 7) ?? ''}`),
  },
  { head: 'DEPLOYED', cell: (row, view) => renderTime(row.deployedAt, view) },
  { head: 'OWNER', cell: (row) => row.owner },
]

async function siteRows({ store, account, config }: CommandContext) {
  const listed = account.role === 'admin' ? await store.sites.list() : await store.sites.listFor(account.id)
  const live = await store.releases.listByIds(listed.flatMap((site) => site.live_release_id ?? []))
  const releases = new Map(live.map((release) => [release.id, release]))
  // All at once: an admin has thousands.
  const primary = new Map((await store.domains.listPrimary()).map(({ site_id, name }) => [site_id, name]))
  const secure = new Set(
    (await store.wantedNames.list()).filter(({ certificate_id }) => certificate_id !== null).map(({ name }) => name),
  )
  const owners = new Map((await store.accounts.list()).map(({ id, name }) => [id, name]))
  return listed.map((site) => {
    const release = releases.get(site.live_release_id ?? '')
    return {
      name: site.name,
      url: siteAddress(primary.get(site.id) ?? site.name, {
        config,
        secure: secure.has(primary.get(site.id) ?? site.name),
      }),
      owner: owners.get(site.owner_id) ?? '',
      state: release === undefined ? 'not deployed' : site.state,
      release: release?.number ?? null,
      commit: release?.commit ?? null,
      deployedAt: release?.live_at ?? null,
    }
  })
}
