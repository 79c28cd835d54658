import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { parseSiteName } from '../../names/host-name.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'

export const domainsRemove = siteCommand({
  name: 'domains:remove',
  group: 'Domains',
  summary: 'Have a site answer to a name no more',
  description: "The site's own name stays as long as the site does.",
  arguments: [{ name: 'domain', description: 'one of those that domains lists' }],
  examples: ['domains:remove demo www.example.org'],
  permission: 'site:configure',
  input: z.object({ domain: z.string() }),
  run: async ({ store, site, config, deployments }, input) => {
    const name = parseSiteName(input.domain, config['base-domain'])
    if (name === site.name)
      throw new HostingError('conflict', `${name} is the site's own name, which stays as long as the site does`, {
        hint: `destroy ${site.name}   removes the whole site.`,
      })
    if ((await store.domains.find(name))?.site_id !== site.id)
      throw new HostingError('not-found', `${site.name} has no domain ${name}`, { hint: `domains ${site.name}` })
    await store.domains.remove(name)
    await deployments.routeDomains(site, name)
    return done({ name }, `${site.name} answers to ${name} no more`)
  },
})
