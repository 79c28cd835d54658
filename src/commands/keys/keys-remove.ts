import { z } from 'zod'
import { findKey } from '../../access/keys.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Account } from '../../store/accounts.ts'
import type { Key } from '../../store/keys.ts'
import { command } from '../command.ts'
import { flag } from '../inputs.ts'
import { done } from '../output/outcome.ts'
import type { CommandContext } from '../types.ts'
import { accountInput, accountOption, whose } from './whose.ts'

export const keysRemove = command({
  name: 'keys:remove',
  group: 'Keys',
  summary: 'Remove an SSH key',
  description: 'Your last key stays: without it nobody could let you in but an admin.',
  arguments: [{ name: 'key', description: 'its fingerprint, the start of it, or its comment' }],
  options: [accountOption, { flags: '--force', description: 'also the key you came in with' }],
  examples: ['keys:remove SHA256:4mZ', 'keys:remove me@old-laptop'],
  permission: 'signed-in',
  input: z.object({ key: z.string().min(1, 'is empty'), account: accountInput, force: flag }),
  run: async (context, input) => {
    const account = await whose(context, input.account)
    const key = await findKey(context.store, account, input.key)
    await refuseLockOut(context, { account, key, force: input.force })
    await context.store.keys.remove(key.fingerprint)
    return done({ fingerprint: key.fingerprint }, `${key.fingerprint} ${key.comment} lets nobody in any more`)
  },
})

interface Removal {
  readonly account: Account
  readonly key: Key
  readonly force: boolean
}

/** @throws HostingError conflict. An admin may take the last key of somebody else: that is how a stolen one is dealt with. */
async function refuseLockOut(context: CommandContext, { account, key, force }: Removal): Promise<void> {
  const last = (await context.store.keys.listOf(account.id)).length === 1
  const own = account.id === context.account.id
  if (last && (own || !force))
    throw new HostingError('conflict', `That is the last key of ${account.name}`, {
      hint: own ? 'Add another one first: keys:add' : 'keys:remove … --force does it all the same.',
    })
  if (key.fingerprint === context.fingerprint && !force)
    throw new HostingError('conflict', 'That is the key you came in with', {
      hint: 'keys:remove … --force removes it all the same.',
    })
}
