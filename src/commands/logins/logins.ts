import { command } from '../command.ts'
import { nothing } from '../inputs.ts'
import { listing } from '../output/outcome.ts'
import { renderNextTime, renderTime } from '../output/view.ts'

export const logins = command({
  name: 'logins',
  group: 'Accounts',
  summary: 'List failed logins, and whom they block',
  description:
    'Wrong passwords and tokens, and connections without a key that is known: by account and by address, over SSH, SFTP and HTTPS. Names need not be of accounts that exist.',
  examples: ['logins'],
  permission: 'platform:read',
  input: nothing,
  run: async ({ loginTroubles }) =>
    listing({
      rows: await loginTroubles.list(),
      columns: [
        { head: 'WHO', cell: (row) => row.name },
        { head: 'KIND', cell: (row) => row.kind },
        { head: 'FAILED', cell: (row) => String(row.failures) },
        { head: 'LAST', cell: (row, view) => renderTime(row.lastAt, view) },
        { head: 'BY', cell: (row) => `${row.lastDoor} ${row.lastAddress}` },
        { head: 'BLOCKED', cell: (row, view) => renderNextTime(row.blockedUntil, view) },
      ],
      empty: ['No failed logins since a day.'],
    }),
})
