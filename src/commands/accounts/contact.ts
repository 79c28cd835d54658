import { z } from 'zod'
import { command } from '../command.ts'
import { facts } from '../output/outcome.ts'
import { accountInput, accountOption, whose } from '../keys/whose.ts'

/** Enough to reach somebody and nothing that could end a header or an envelope; the relay judges the rest. */
const address = /^[^\s<>@"',;:()[\]\\\p{C}]{1,64}@[^\s<>@"',;:()[\]\\\p{C}]{1,190}$/u

export const contact = command({
  name: 'contact',
  group: 'Accounts',
  summary: 'Show or set the mail address that warnings go to',
  description: 'Such as that a certificate which nobody renews is about to expire, or that an upload is not live.',
  arguments: [{ name: 'address', description: 'a mail address; none takes it away', optional: true }],
  options: [accountOption],
  examples: ['contact', 'contact anna@example.org', 'contact none'],
  permission: 'signed-in',
  input: z.object({
    address: z
      .string()
      .refine((text) => text === 'none' || address.test(text), 'must be a mail address, or none')
      .optional(),
    account: accountInput,
  }),
  run: async (context, input) => {
    const account = await whose(context, input.account)
    const mail = input.address === undefined ? account.mail : input.address === 'none' ? null : input.address
    if (input.address !== undefined) await context.store.accounts.setMail(account.id, mail)
    return facts({ account: account.name, mail }, () => [
      ['Account', account.name],
      ['Mail', mail ?? 'none: warnings stand in listings only'],
    ])
  },
})
