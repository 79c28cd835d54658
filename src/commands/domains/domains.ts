import { siteUrl } from '../../deploy/site-url.ts'
import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { listing } from '../output/outcome.ts'
import { renderTime } from '../output/view.ts'

export const domains = siteCommand({
  name: 'domains',
  group: 'Domains',
  summary: 'List the names a site answers to',
  examples: ['domains demo'],
  permission: 'site:read',
  input: nothing,
  run: async ({ store, site, config }) => {
    const rows = (await store.domains.listOf(site.id)).map((domain) => ({
      name: domain.name,
      url: siteUrl(domain.name, config),
      ownName: domain.name === site.name,
      createdAt: domain.created_at,
    }))
    return listing({
      rows,
      columns: [
        { head: 'DOMAIN', cell: (row) => row.name },
        { head: 'URL', cell: (row) => row.url },
        { head: 'SINCE', cell: (row, view) => renderTime(row.createdAt, view) },
      ],
      empty: [`domains:add ${site.name} DOMAIN   adds one.`],
    })
  },
})
