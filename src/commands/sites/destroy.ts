import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { ask } from '../ask.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'

export const destroy = siteCommand({
  name: 'destroy',
  group: 'Sites',
  summary: 'Remove a site with all that belongs to it',
  description: 'Repository, releases, logs and names are gone for good. It asks for the name of the site first.',
  options: [{ flags: '--confirm <name>', description: 'the name of the site, where nobody can be asked' }],
  examples: ['destroy demo', 'destroy demo --confirm demo.localhost'],
  permission: 'site:destroy',
  input: z.object({ confirm: z.string().optional() }),
  run: async (context, { confirm }) => {
    const { site, deployments } = context
    if ((confirm ?? (await askForName(context))).trim() !== site.name)
      throw new HostingError('usage', `That is not the name of the site, ${site.name}: nothing was removed`, {
        hint: `destroy ${site.name} --confirm ${site.name}`,
      })
    await deployments.destroy(site)
    return done({ name: site.name }, `${site.name} and all that belonged to it is removed`)
  },
})

async function askForName(context: SiteContext): Promise<string> {
  const { site, terminal, store } = context
  if (terminal === undefined)
    throw new HostingError('usage', `To remove ${site.name} for good, its name has to be given once more`, {
      hint: `destroy ${site.name} --confirm ${site.name}`,
    })
  const domains = await store.domains.listOf(site.id)
  const others = domains.map(({ name }) => name).filter((name) => name !== site.name)
  const along = others.length === 0 ? '' : ` ${others.join(', ')} will lead nowhere.`
  context.progress(`This removes the repository, the releases and the logs of ${site.name} for good.${along}`)
  return (await ask(context, `Type its name to go on: `)) ?? ''
}
