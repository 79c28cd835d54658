import { HostingError } from '../../errors/hosting-error.ts'
import { shownName } from '../../names/domain-name.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'
import { neighbourArguments, neighbourInput, readNeighbour } from './neighbour.ts'
import { takenBelow } from './taken-below.ts'

export const domainsDisallow = siteCommand({
  name: 'domains:disallow',
  group: 'Domains',
  summary: 'Take back what domains:allow allowed',
  description: 'What the account has taken below the domain meanwhile stays; it is listed. An admin can remove it.',
  arguments: neighbourArguments,
  examples: ['domains:disallow demo example.org ben'],
  permission: 'site:configure',
  input: neighbourInput,
  run: async (context, input) => {
    const { store, site } = context
    const { name, account } = await readNeighbour(context, input)
    if ((await store.consents.find(name, account.id)) === undefined)
      throw new HostingError('not-found', `${account.name} is not allowed to take names below ${shownName(name)}`, {
        hint: `access ${site.name}   lists who may do what.`,
      })
    await store.consents.remove(name, account.id)
    const taken = await takenBelow(store, name, account)
    return done(
      { domain: name, account: account.name, taken },
      `${account.name} may take no more names below ${shownName(name)}`,
      taken.length === 0 ? [] : [`${account.name} has these and keeps them: ${taken.join(', ')}`],
    )
  },
})
