// Whose keys a command is about: one's own, or with --account those of anybody, for admins.
import { z } from 'zod'
import { getAccount } from '../../access/accounts.ts'
import { authorizePlatform } from '../../access/authorize.ts'
import type { Account } from '../../store/accounts.ts'
import type { CommandContext } from '../types.ts'

export const accountOption = { flags: '--account <name>', description: 'whose keys, for admins (your own if left out)' }
export const accountInput = z.string().optional()

/** @throws HostingError forbidden, not-found */
export async function whose({ store, account }: CommandContext, name: string | undefined): Promise<Account> {
  if (name === undefined || name === account.name) return account
  authorizePlatform(account, 'account:manage')
  return await getAccount(store, name)
}
