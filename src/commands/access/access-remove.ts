import { z } from 'zod'
import { getAccount } from '../../access/accounts.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'

export const accessRemove = siteCommand({
  name: 'access:remove',
  group: 'Access',
  summary: 'Let another account use a site no more',
  arguments: [{ name: 'account', description: 'one of those that access lists' }],
  examples: ['access:remove demo anna'],
  permission: 'site:configure',
  input: z.object({ account: z.string() }),
  run: async ({ store, site }, input) => {
    const account = await getAccount(store, input.account)
    if ((await store.grants.find(site.id, account.id)) === undefined)
      throw new HostingError('not-found', `${site.name} is not shared with ${account.name}`, {
        hint: `access ${site.name}   lists who may use it.`,
      })
    await store.grants.remove(site.id, account.id)
    return done({ site: site.name, account: account.name }, `${account.name} may use ${site.name} no more`)
  },
})
