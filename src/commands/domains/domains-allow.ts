import { z } from 'zod'
import { getAccount } from '../../access/accounts.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { parseDomain, shownName } from '../../names/domain-name.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'
import { getDomain } from './get-domain.ts'

export const domainsAllow = siteCommand({
  name: 'domains:allow',
  group: 'Domains',
  summary: 'Let an account take names below a domain',
  description: 'For its own sites; exact names and wildcards. domains:disallow takes it back.',
  arguments: [
    { name: 'domain', description: 'one of those that domains lists' },
    { name: 'account', description: 'its name' },
  ],
  examples: ['domains:allow demo example.org ben'],
  permission: 'site:configure',
  input: z.object({ domain: z.string(), account: z.string() }),
  run: async ({ store, site, config }, input) => {
    const name = parseDomain(input.domain, config['base-domain'])
    await getDomain(store, site, name)
    const account = await getAccount(store, input.account)
    if (account.id === site.owner_id)
      throw new HostingError('conflict', `${account.name} owns ${site.name}, and may take them anyway`)
    await store.consents.put(name, account.id)
    return done({ domain: name, account: account.name }, `${account.name} may take names below ${shownName(name)}`, [
      `domains:disallow ${site.name} ${name} ${account.name}   takes it back.`,
    ])
  },
})
