import { renderAddresses } from '../../deploy/site-address.ts'
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
  run: async ({ deployments, site, store, config }) => {
    await deployments.start(site)
    return done(
      { name: site.name, state: 'running' },
      `${site.name} serves again: ${await renderAddresses(site, { store, config })}`,
    )
  },
})
