// The sites that somebody can use, a line each, and whose certificates end with nobody to renew them.
import { firstWarningDays } from '../../certs/upload/expiry.ts'
import { isInScope } from '../../access/authorize.ts'
import { siteAddress } from '../../deploy/site-address.ts'
import { repositoryUrl } from '../addresses.ts'
import { expiryTrouble } from '../certs/certificate-view.ts'
import { command } from '../command.ts'
import { nothing } from '../inputs.ts'
import { troubledListing } from '../output/outcome.ts'
import type { Column } from '../output/table.ts'
import { renderTime } from '../output/view.ts'
import type { CommandContext } from '../types.ts'

export const sites = command({
  name: 'sites',
  group: 'Sites',
  summary: 'List the sites you can use',
  description: 'Below the table stand certificates that are about to end and that nobody renews.',
  examples: ['sites', 'sites --json'],
  permission: 'anybody',
  input: nothing,
  run: async (context) =>
    troubledListing({
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

async function siteRows(context: CommandContext) {
  const { store, account, config } = context
  const all = account.role === 'admin' ? await store.sites.list() : await store.sites.listFor(account.id)
  const listed = all.filter((site) => isInScope(account.scope, site))
  const live = await store.releases.listByIds(listed.flatMap((site) => site.live_release_id ?? []))
  const releases = new Map(live.map((release) => [release.id, release]))
  // All at once: an admin has thousands.
  const primary = new Map((await store.domains.listPrimary()).map(({ site_id, name }) => [site_id, name]))
  const secure = new Set(
    (await store.wantedNames.list()).filter(({ certificate_id }) => certificate_id !== null).map(({ name }) => name),
  )
  const troubles = await expiryTroubles(context)
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
      trouble: troubles.get(site.id) ?? null,
    }
  })
}

const dayMs = 86_400_000

/** By site, of those that end first. */
async function expiryTroubles({ certificates, clock }: CommandContext): Promise<Map<number, string>> {
  const now = clock.now()
  const expiring = await certificates.expiringBefore(new Date(now.getTime() + firstWarningDays * dayMs))
  const lastFirst = expiring.toSorted((one, other) => +other.certificate.notAfter - +one.certificate.notAfter)
  return new Map(lastFirst.map((each) => [each.siteId, expiryTrouble(each, now)]))
}
