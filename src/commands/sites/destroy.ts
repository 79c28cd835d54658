import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { siteCommand } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { done } from '../output/outcome.ts'

export const destroy = siteCommand({
  name: 'destroy',
  group: 'Sites',
  summary: 'Remove a site with all that belongs to it',
  description:
    'Repository, releases, database, storage, variables, logs and names are gone for good. It asks for the name of the site first;\ndb:dump and storage show what to keep before.',
  options: [{ flags: '--confirm <name>', description: 'the name of the site, where nobody can be asked' }],
  examples: ['destroy demo', 'destroy demo --confirm demo.localhost'],
  permission: 'site:destroy',
  input: z.object({ confirm: z.string().optional() }),
  run: async (context, { confirm }) => {
    const { site, store, deployments } = context
    const domains = await store.domains.listOf(site.id)
    const others = domains.map(({ name }) => name).filter((name) => name !== site.name)
    const along = others.length === 0 ? '' : ` ${others.join(', ')} will lead nowhere.`
    const typed = await confirmName(context, {
      given: confirm,
      command: 'destroy',
      warning: `This removes the repository, the releases, the database, the storage and the logs of ${site.name} for good.${along}`,
    })
    if (!typed)
      throw new HostingError('usage', `That is not the name of the site, ${site.name}: nothing was removed`, {
        hint: `destroy ${site.name} --confirm ${site.name}`,
      })
    await deployments.destroy(site)
    return done({ name: site.name }, `${site.name} and all that belonged to it is removed`)
  },
})
