import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const restart = siteCommand({
  name: 'restart',
  group: 'Sites',
  summary: 'Replace the instance by a fresh one, seamlessly',
  description: 'The new instance must answer its health check before it takes over; the old one finishes its requests.',
  examples: ['restart demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ deployments, site, progress }) => {
    await deployments.restart(site, progress)
    return done({ name: site.name }, `${site.name} runs in a fresh instance`)
  },
})
