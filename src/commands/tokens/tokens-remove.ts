import { z } from 'zod'
import { getToken } from '../../access/tokens.ts'
import { command } from '../command.ts'
import { accountInput, accountOption, whose } from '../keys/whose.ts'
import { done } from '../output/outcome.ts'

export const tokensRemove = command({
  name: 'tokens:remove',
  group: 'Passwords and tokens',
  summary: 'Remove an app token; it is refused from then on',
  arguments: [{ name: 'token', description: 'its name, as tokens shows it' }],
  options: [accountOption],
  examples: ['tokens:remove 4f1c09ab'],
  permission: 'signed-in',
  input: z.object({ token: z.string(), account: accountInput }),
  run: async (context, input) => {
    const account = await whose(context, input.account)
    const { id } = await getToken(context.store, account, input.token)
    await context.store.tokens.remove(id)
    return done({ id }, `Token ${id} lets nobody in any more`)
  },
})
