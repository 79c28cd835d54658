import { z } from 'zod'
import { addKey } from '../../access/keys.ts'
import { ask, readInput } from '../ask.ts'
import { command } from '../command.ts'
import { keyWords } from '../inputs.ts'
import { done } from '../output/outcome.ts'
import type { CommandContext } from '../types.ts'
import { accountInput, accountOption, whose } from './whose.ts'

export const keysAdd = command({
  name: 'keys:add',
  group: 'Keys',
  summary: 'Add a public SSH key, piped in or given',
  description: 'Accepted: ed25519, ecdsa, rsa from 2048 bits. Never a private key.',
  arguments: [{ name: 'key', description: 'ssh-ed25519 AAAA… comment', optional: true, rest: true }],
  options: [accountOption],
  examples: ['keys:add < ~/.ssh/id_ed25519.pub', 'keys:add ssh-ed25519 AAAA… me@laptop'],
  permission: 'signed-in',
  input: z.object({ key: keyWords, account: accountInput }),
  run: async (context, input) => {
    const account = await whose(context, input.account)
    const key = await addKey(context.store, account, input.key || (await readKey(context)))
    return done(
      { account: account.name, fingerprint: key.fingerprint, comment: key.comment },
      `${account.name} can come in with ${key.fingerprint} ${key.comment}`.trimEnd(),
    )
  },
})

async function readKey(context: CommandContext): Promise<string> {
  if (context.terminal === undefined) return await readInput(context, 'a public key')
  return (await ask(context, 'Paste the public key: ')) ?? ''
}
