import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const dbAdmin = siteCommand({
  name: 'db:admin',
  group: 'Database',
  summary: 'Open the database of a site in phpMyAdmin',
  description:
    'Prints an address that logs in, to this database alone. It works once and for two minutes; what it opened stays open for up to eight\nhours, one without use, and no longer than you may change the site.',
  examples: ['db:admin demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ phpMyAdmin, site, account, progress }) => {
    const { url, others, expiresAt } = await phpMyAdmin.invite(site, account, progress)
    const data = { site: site.name, url, expiresAt: expiresAt.toISOString() }
    return done(data, `This opens the database of ${site.name}, once, within two minutes:`, [url, ...others])
  },
})
