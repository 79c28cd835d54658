import { HostingError } from '../../errors/hosting-error.ts'
import { shownName } from '../../names/domain-name.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'
import { neighbourArguments, neighbourInput, readNeighbour } from './neighbour.ts'

export const domainsAllow = siteCommand({
  name: 'domains:allow',
  group: 'Domains',
  summary: 'Let an account take names below a domain',
  description: 'For its own sites; exact names and wildcards. domains:disallow takes it back.',
  arguments: neighbourArguments,
  examples: ['domains:allow demo example.org ben'],
  permission: 'site:configure',
  input: neighbourInput,
  run: async (context, input) => {
    const { store, site } = context
    const { name, account } = await readNeighbour(context, input)
    if (account.id === site.owner_id)
      throw new HostingError('conflict', `${account.name} owns ${site.name}, and may take them anyway`)
    await store.consents.put(name, account.id)
    return done({ domain: name, account: account.name }, `${account.name} may take names below ${shownName(name)}`, [
      `domains:disallow ${site.name} ${name} ${account.name}   takes it back.`,
    ])
  },
})
