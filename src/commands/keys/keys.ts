import { z } from 'zod'
import { command } from '../command.ts'
import { listing } from '../output/outcome.ts'
import { renderTime } from '../output/view.ts'
import { accountInput, accountOption, whose } from './whose.ts'

export const keys = command({
  name: 'keys',
  group: 'Keys',
  summary: 'List the SSH keys that let you in',
  options: [accountOption],
  examples: ['keys', 'keys --account anna'],
  permission: 'signed-in',
  input: z.object({ account: accountInput }),
  run: async (context, input) => {
    const account = await whose(context, input.account)
    const rows = (await context.store.keys.listOf(account.id)).map((key) => ({
      fingerprint: key.fingerprint,
      kind: key.public_key.split(' ')[0] ?? '',
      comment: key.comment,
      current: key.fingerprint === context.fingerprint,
      createdAt: key.created_at,
      lastUsedAt: key.last_used_at,
    }))
    return listing({
      rows,
      columns: [
        { head: 'COMMENT', cell: (row) => (row.current ? `${row.comment} (this one)` : row.comment) },
        { head: 'KIND', cell: (row) => row.kind },
        { head: 'ADDED', cell: (row, view) => renderTime(row.createdAt, view) },
        { head: 'USED', cell: (row, view) => renderTime(row.lastUsedAt, view) },
        { head: 'FINGERPRINT', cell: (row) => row.fingerprint },
      ],
      empty: ['No keys yet: keys:add < ~/.ssh/id_ed25519.pub'],
    })
  },
})
