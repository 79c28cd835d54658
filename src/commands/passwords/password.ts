import { z } from 'zod'
import { setPassword } from '../../access/passwords.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { askSecretly, readInput } from '../ask.ts'
import { command } from '../command.ts'
import { flag } from '../inputs.ts'
import { accountInput, accountOption, whose } from '../keys/whose.ts'
import { done } from '../output/outcome.ts'
import type { CommandContext } from '../types.ts'

export const password = command({
  name: 'password',
  group: 'Passwords and tokens',
  summary: 'Set a password for SFTP, SSH and HTTPS',
  description:
    'Asked for at a terminal (ssh -t), else read from standard input. Who came with the old one is let in no more; keys and tokens stay.',
  options: [accountOption, { flags: '--remove', description: 'from now on no password lets you in' }],
  examples: ['password', 'password --account anna < password.txt', 'password --remove'],
  permission: 'signed-in',
  input: z.object({ account: accountInput, remove: flag }),
  run: async (context, { remove, account: name }) => {
    const account = await whose(context, name)
    if (remove) await context.store.passwords.remove(account.id)
    else await setPassword(context.store, account, await readPassword(context))
    return done(
      { account: account.name, password: !remove },
      remove ? `No password lets ${account.name} in` : `${account.name} has a new password`,
    )
  },
})

/** @throws HostingError usage */
async function readPassword(context: CommandContext): Promise<string> {
  if (context.terminal === undefined) return (await readInput(context, 'a password')).replace(/\r?\n$/, '')
  const [typed, again] = (await askSecretly(context, ['New password: ', 'The same again: '])) ?? []
  if (typed !== undefined && typed === again) return typed
  throw new HostingError(
    'usage',
    again === undefined ? 'Nothing was changed' : 'The two differ, and nothing was changed',
    { hint: 'password   asks again.' },
  )
}
