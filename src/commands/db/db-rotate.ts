import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const dbRotate = siteCommand({
  name: 'db:rotate',
  group: 'Database',
  summary: 'Give a database a new password, seamlessly',
  description:
    'A fresh instance gets the new password; it must answer its health check, else the old password stays. The old one opens the\ndatabase until the old instance has finished its requests.',
  examples: ['db:rotate demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ deployments, site, progress }) => {
    await deployments.rotateDatabase(site, progress)
    return done({ site: site.name }, `The database of ${site.name} has a new password`)
  },
})
