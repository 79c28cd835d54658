import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const dbRotate = siteCommand({
  name: 'db:rotate',
  group: 'Database',
  summary: 'Give a database a new password, seamlessly',
  description:
    'A fresh instance gets the new password. The old one opens the database until the old instance has finished its requests; it stays\nwhere the site does not work without it.',
  examples: ['db:rotate demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ deployments, site, progress }) => {
    await deployments.rotateDatabase(site, progress)
    return done({ site: site.name }, `The database of ${site.name} has a new password`)
  },
})
