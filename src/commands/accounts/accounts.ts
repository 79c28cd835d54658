import { command } from '../command.ts'
import { nothing } from '../inputs.ts'
import { listing } from '../output/outcome.ts'
import { renderTime } from '../output/view.ts'
import type { CommandContext } from '../types.ts'

export const accounts = command({
  name: 'accounts',
  group: 'Accounts',
  summary: 'List all accounts',
  examples: ['accounts'],
  permission: 'platform:read',
  input: nothing,
  run: async (context) =>
    listing({
      rows: await accountRows(context),
      columns: [
        { head: 'ACCOUNT', cell: (row) => row.name },
        { head: 'ROLE', cell: (row) => row.role },
        { head: 'SITES', cell: (row) => String(row.sites) },
        { head: 'KEYS', cell: (row) => String(row.keys) },
        { head: 'PASSWORD', cell: (row) => (row.password ? 'yes' : '-') },
        { head: 'TOKENS', cell: (row) => String(row.tokens) },
        { head: 'SEEN', cell: (row, view) => renderTime(row.lastSeenAt, view) },
        { head: 'CREATED', cell: (row, view) => renderTime(row.createdAt, view) },
      ],
      empty: ['accounts:add NAME   makes one.'],
    }),
})

async function accountRows({ store }: CommandContext) {
  const owners = (await store.sites.list()).map((site) => site.owner_id)
  const listed = await store.accounts.list()
  return await Promise.all(
    listed.map(async ({ id, name, role, created_at }) => {
      const keys = await store.keys.listOf(id)
      const tokens = await store.tokens.listOf(id)
      const password = await store.passwords.find(id)
      const seen = [...keys, ...tokens, password].flatMap((each) => each?.last_used_at ?? []).sort()
      const sites = owners.filter((owner) => owner === id).length
      return {
        ...{ name, role, sites, keys: keys.length, password: password !== undefined, tokens: tokens.length },
        ...{ lastSeenAt: seen.at(-1) ?? null, createdAt: created_at },
      }
    }),
  )
}
