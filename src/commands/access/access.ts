import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { listing } from '../output/outcome.ts'
import { renderTime } from '../output/view.ts'

export const access = siteCommand({
  name: 'access',
  group: 'Access',
  summary: 'List who may use a site, or names below it',
  examples: ['access demo'],
  permission: 'site:read',
  input: nothing,
  run: async ({ store, site }) => {
    const owner = await store.accounts.get(site.owner_id)
    const grants = await store.grants.listOf(site.id)
    const consents = await store.consents.listOf(site.id)
    return listing({
      rows: [
        { account: owner.name, role: 'owner', since: site.created_at },
        ...grants.map(({ account, role, created_at }) => ({ account, role, since: created_at })),
        ...consents.map(({ account, domain, created_at }) => ({
          account,
          role: `take names below ${domain}`,
          since: created_at,
        })),
      ],
      columns: [
        { head: 'ACCOUNT', cell: (row) => row.account },
        { head: 'MAY', cell: (row) => row.role },
        { head: 'SINCE', cell: (row, view) => renderTime(row.since, view) },
      ],
      empty: [],
    })
  },
})
