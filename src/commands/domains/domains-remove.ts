import { z } from 'zod'
import { removeDomain } from '../../access/sites.ts'
import { redirectsOf } from '../../deploy/redirects.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { parseDomain, shownName } from '../../names/domain-name.ts'
import type { Domain } from '../../store/domains.ts'
import type { Site } from '../../store/sites.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'
import { getDomain } from './get-domain.ts'

export const domainsRemove = siteCommand({
  name: 'domains:remove',
  group: 'Domains',
  summary: 'Have a site answer to a name no more',
  description:
    "The site's own name stays as long as the site does; it becomes the primary one again when that is removed.",
  arguments: [{ name: 'domain', description: 'one of those that domains lists' }],
  examples: ['domains:remove demo www.example.org'],
  permission: 'site:configure',
  input: z.object({ domain: z.string() }),
  run: async ({ store, site, config, deployments }, input) => {
    const name = parseDomain(input.domain, config['base-domain'])
    const { role } = await getDomain(store, site, name)
    if (name === site.name) throw staysWithSite(site, role)
    const before = redirectsOf(await store.domains.listOf(site.id))
    await removeDomain({ store, site, name })
    await deployments.routeDomains(site, name)
    const after = redirectsOf(await store.domains.listOf(site.id))
    return done({ name }, `${site.name} answers to ${shownName(name)} no more`, [
      ...(role === 'primary' ? [`${site.name} is its primary domain again.`] : []),
      ...[...after].flatMap(([other, target]) =>
        before.get(other) === target ? [] : [`${shownName(other)} redirects to ${shownName(target)} now.`],
      ),
    ])
  },
})

function staysWithSite({ name }: Site, role: Domain['role']): HostingError {
  const instead =
    role === 'primary'
      ? `domains:primary ${name} DOMAIN   makes another one primary.`
      : `domains:add ${name} ${name} --redirect   leads it to the primary domain.`
  return new HostingError('conflict', `${name} is the site's own name, which stays as long as the site does`, {
    hint: `${instead}\ndestroy ${name}   removes the whole site.`,
  })
}
