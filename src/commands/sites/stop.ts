import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const stop = siteCommand({
  name: 'stop',
  group: 'Sites',
  summary: 'Take a site off the air until it is started',
  description: 'Visitors get a page that says so. Nothing is removed; it stays stopped until start.',
  examples: ['stop demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ deployments, site }) => {
    await deployments.stop(site)
    return done({ name: site.name, state: 'stopped' }, `${site.name} is off the air`, [
      `start ${site.name}   brings it back`,
    ])
  },
})
