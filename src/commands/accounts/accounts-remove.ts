import { z } from 'zod'
import { removeAccount } from '../../access/accounts.ts'
import { command } from '../command.ts'
import { done } from '../output/outcome.ts'

export const accountsRemove = command({
  name: 'accounts:remove',
  group: 'Accounts',
  summary: 'Remove an account that owns no sites',
  description: 'Its keys and its access to sites go with it. The last admin stays.',
  arguments: [{ name: 'name', description: 'one of those that accounts lists' }],
  examples: ['accounts:remove anna'],
  permission: 'account:manage',
  input: z.object({ name: z.string() }),
  run: async ({ store }, input) => {
    const { name } = await removeAccount(store, input.name)
    return done({ name }, `${name} is removed`)
  },
})
