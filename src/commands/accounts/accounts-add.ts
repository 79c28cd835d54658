import { z } from 'zod'
import { addAccount } from '../../access/accounts.ts'
import { parseAccountName } from '../../names/account-name.ts'
import { readInput } from '../ask.ts'
import { command } from '../command.ts'
import { keyWords, oneOf } from '../inputs.ts'
import { done } from '../output/outcome.ts'
import type { CommandContext } from '../types.ts'

export const accountsAdd = command({
  name: 'accounts:add',
  group: 'Accounts',
  summary: 'Make an account, with a public SSH key',
  arguments: [
    { name: 'name', description: '1 to 32 of a-z, 0-9, dot, hyphen and underscore, a letter first' },
    {
      name: 'key',
      description: 'ssh-ed25519 AAAA… comment; left out, it is read from standard input',
      optional: true,
      rest: true,
    },
  ],
  options: [{ flags: '--role <role>', description: 'user or admin (user if left out)' }],
  examples: ['accounts:add anna < anna.pub', 'accounts:add ben --role admin < ben.pub'],
  permission: 'account:manage',
  input: z.object({ name: z.string(), key: keyWords, role: oneOf('user', 'admin').default('user') }),
  run: async (context, input) => {
    const name = parseAccountName(input.name)
    const key = (input.key || (await readKey(context))).trim()
    await addAccount(context.store, { name, role: input.role, keys: key === '' ? [] : [key] })
    const next =
      key === ''
        ? [`Nobody can come in as ${name} yet: keys:add --account ${name} < KEY.pub, or password --account ${name}`]
        : []
    return done({ name, role: input.role }, `${name} is a new ${input.role}`, next)
  },
})

/** At a terminal nothing is piped in, and nobody is made to wait for it. */
async function readKey(context: CommandContext): Promise<string> {
  return context.terminal === undefined ? await readInput(context, 'a public key (none: end it at once)') : ''
}
