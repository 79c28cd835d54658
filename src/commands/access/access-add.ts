import { z } from 'zod'
import { getAccount } from '../../access/accounts.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { siteCommand } from '../command.ts'
import { oneOf } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const accessAdd = siteCommand({
  name: 'access:add',
  group: 'Access',
  summary: 'Let another account use a site',
  description: 'read: see it, clone it, follow its logs. write: push, roll back, start and stop as well.',
  arguments: [{ name: 'account', description: 'the name of an account' }],
  options: [
    { flags: '--role <role>', description: 'read or write (write if left out); changes it where there is one' },
  ],
  examples: ['access:add demo anna', 'access:add demo ben --role read'],
  permission: 'site:configure',
  input: z.object({ account: z.string(), role: oneOf('read', 'write').default('write') }),
  run: async ({ store, site }, input) => {
    const account = await getAccount(store, input.account)
    if (account.id === site.owner_id)
      throw new HostingError('conflict', `${account.name} owns ${site.name} and may do everything`, {
        hint: `access ${site.name}   lists who may use it.`,
      })
    await store.grants.put(site.id, account.id, input.role)
    return done(
      { site: site.name, account: account.name, role: input.role },
      `${account.name} may ${input.role} ${site.name}`,
    )
  },
})
