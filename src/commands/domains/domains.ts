import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { troubledListing } from '../output/outcome.ts'
import { shownName } from '../../names/domain-name.ts'
import { domainRows, renderDomainCertificate, renderRole } from './domain-rows.ts'

export const domains = siteCommand({
  name: 'domains',
  group: 'Domains',
  summary: 'List the names of a site, and how they answer',
  description: 'With their certificates. Below the table stands what is wrong with a name, one line each.',
  examples: ['domains demo'],
  permission: 'site:read',
  input: nothing,
  run: async (context) =>
    troubledListing({
      rows: await domainRows(context),
      columns: [
        { head: 'DOMAIN', cell: (row) => shownName(row.name) },
        { head: 'ANSWERS', cell: renderRole },
        { head: 'CERTIFICATE', cell: renderDomainCertificate },
      ],
      empty: [`domains:add ${context.site.name} DOMAIN   adds one.`],
    }),
})
