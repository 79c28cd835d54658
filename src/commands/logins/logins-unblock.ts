import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { command } from '../command.ts'
import { done } from '../output/outcome.ts'

export const loginsUnblock = command({
  name: 'logins:unblock',
  group: 'Accounts',
  summary: 'Let an account or address log in again',
  arguments: [{ name: 'who', description: 'an account or an address, as logins shows it' }],
  examples: ['logins:unblock anna', 'logins:unblock 203.0.113.5'],
  permission: 'account:manage',
  input: z.object({ who: z.string().min(1, 'is empty').max(200, 'is too long') }),
  run: async ({ loginTroubles }, { who }) => {
    if (await loginTroubles.unblock(who)) return done({ who }, `What went wrong for ${who} is forgotten`)
    throw new HostingError('not-found', `Nothing went wrong for ${who}`, { hint: 'logins lists what did.' })
  },
})
