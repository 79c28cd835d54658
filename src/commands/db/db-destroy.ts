import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { confirmName } from '../confirm.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'

export const dbDestroy = siteCommand({
  name: 'db:destroy',
  group: 'Database',
  summary: 'Remove the database of a site for good',
  description:
    'It asks for the name of the site first. A release that needs a database gets a new, empty one with its next deploy.',
  options: [{ flags: '--confirm <name>', description: 'the name of the site, where nobody can be asked' }],
  examples: ['db:destroy demo', 'db:destroy demo --confirm demo.localhost'],
  permission: 'site:configure',
  input: z.object({ confirm: z.string().optional() }),
  run: async (context, { confirm }) => {
    const { site, deployments, databases } = context
    const { name } = await databases.get(site)
    const typed = await confirmName(context, {
      given: confirm,
      command: 'db:destroy',
      warning: `This removes the database of ${site.name} for good. db:dump ${site.name} > dump.sql keeps a copy.`,
    })
    if (!typed)
      throw new HostingError('usage', `That is not the name of the site, ${site.name}: nothing was removed`, {
        hint: `db:destroy ${site.name} --confirm ${site.name}`,
      })
    await deployments.removeDatabase(site)
    return done({ site: site.name, database: name }, `The database of ${site.name} is removed`)
  },
})
