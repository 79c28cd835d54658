import { siteUrl } from '../../deploy/site-url.ts'
import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const start = siteCommand({
  name: 'start',
  group: 'Sites',
  summary: 'Let a stopped site serve again',
  examples: ['start demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ deployments, site, config }) => {
    await deployments.start(site)
    return done({ name: site.name, state: 'running' }, `${site.name} serves again: ${siteUrl(site.name, config)}`)
  },
})
