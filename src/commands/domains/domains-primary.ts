import { z } from 'zod'
import { changeDomain } from '../../access/sites.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { isWildcard, parseDomain, shownName } from '../../names/domain-name.ts'
import { siteCommand } from '../command.ts'
import { flag } from '../inputs.ts'
import { done } from '../output/outcome.ts'
import { getDomain } from './get-domain.ts'
import { nextSteps } from './next-steps.ts'

export const domainsPrimary = siteCommand({
  name: 'domains:primary',
  group: 'Domains',
  summary: 'Choose the name that others are redirected to',
  description: 'The former one goes on serving, unless it is to be redirected.',
  arguments: [{ name: 'domain', description: 'one of those that domains lists' }],
  options: [{ flags: '--redirect', description: 'redirect all other names of the site to it' }],
  examples: ['domains:primary demo example.org', 'domains:primary demo example.org --redirect'],
  permission: 'site:configure',
  input: z.object({ domain: z.string(), redirect: flag }),
  run: async (context, input) => {
    const { store, site, config, deployments } = context
    const name = parseDomain(input.domain, config['base-domain'])
    await getDomain(store, site, name)
    if (isWildcard(name))
      throw new HostingError('usage', `${name} stands for many names, and a redirect needs one to lead to`, {
        hint: `domains ${site.name}   lists the others.`,
      })
    await changeDomain({ store, site, name, answer: { role: 'primary' } })
    const others = (await store.domains.listOf(site.id)).filter((domain) => domain.name !== name)
    if (input.redirect)
      for (const other of others) await store.domains.update(other.name, { role: 'redirect', redirects_to: null })
    await deployments.routeDomains(site)
    const said = `${shownName(name)} is the primary domain of ${site.name}`
    return done({ name, redirected: input.redirect ? others.map((other) => other.name) : [] }, said, [
      ...(input.redirect || others.length === 0
        ? []
        : [`domains:add ${site.name} DOMAIN --redirect   leads another one to it.`]),
      // Whoever is redirected to a name that leads nowhere sees nothing at all.
      ...(await nextSteps(context, [name])),
    ])
  },
})
