import { z } from 'zod'
import { command } from '../command.ts'
import { accountInput, accountOption, whose } from '../keys/whose.ts'
import { listing } from '../output/outcome.ts'
import { renderNextTime, renderTime } from '../output/view.ts'

export const tokens = command({
  name: 'tokens',
  group: 'Passwords and tokens',
  summary: 'List your app tokens',
  options: [accountOption],
  examples: ['tokens', 'tokens --account anna'],
  permission: 'signed-in',
  input: z.object({ account: accountInput }),
  run: async ({ store, ...context }, input) => {
    const account = await whose({ store, ...context }, input.account)
    const rows = await Promise.all(
      (await store.tokens.listOf(account.id)).map(async (token) => ({
        id: token.id,
        comment: token.comment,
        may: token.may,
        sites: token.all_sites === 1 ? null : (await store.tokens.sitesOf(token.id)).map(({ name }) => name),
        createdAt: token.created_at,
        expiresAt: token.expires_at,
        expired: token.expires_at !== null && token.expires_at <= context.clock.now().toISOString(),
        lastUsedAt: token.last_used_at,
      })),
    )
    return listing({
      rows,
      columns: [
        { head: 'TOKEN', cell: (row) => row.id },
        { head: 'FOR', cell: (row) => row.comment },
        { head: 'MAY', cell: (row) => row.may },
        { head: 'SITES', cell: (row) => row.sites?.join(' ') ?? 'all' },
        { head: 'EXPIRES', cell: (row, view) => (row.expired ? 'expired' : renderNextTime(row.expiresAt, view)) },
        { head: 'USED', cell: (row, view) => renderTime(row.lastUsedAt, view) },
      ],
      empty: ['No tokens yet: tokens:add --site SITE'],
    })
  },
})
