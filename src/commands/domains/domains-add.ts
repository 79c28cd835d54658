import { z } from 'zod'
import { addDomain } from '../../access/sites.ts'
import { parseSiteName } from '../../names/host-name.ts'
import { siteUrl } from '../../deploy/site-url.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'

export const domainsAdd = siteCommand({
  name: 'domains:add',
  group: 'Domains',
  summary: 'Have a site answer to one more name',
  description: "A name that another site has is refused, and so is one below somebody else's.",
  arguments: [{ name: 'domain', description: 'a host name; a short one means a name below the base domain' }],
  examples: ['domains:add demo www.example.org'],
  permission: 'site:configure',
  input: z.object({ domain: z.string() }),
  run: async ({ store, site, config, account, deployments }, input) => {
    const name = parseSiteName(input.domain, config['base-domain'])
    await addDomain({ store, site, config, account, name, answer: { role: 'served' } })
    await deployments.routeDomains(site)
    return done({ name, url: siteUrl(name, config) }, `${site.name} answers to ${name} as well`, [
      `Point ${name} at this server in the DNS, if it does not yet.`,
    ])
  },
})
