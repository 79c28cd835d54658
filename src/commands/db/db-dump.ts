import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'

export const dbDump = siteCommand({
  name: 'db:dump',
  group: 'Database',
  summary: 'Write a dump of the database of a site, as SQL',
  description:
    'To standard output, with routines, triggers and events: the state of one moment, while the site goes on. Only with the exit status 0\nit is whole.',
  examples: ['db:dump demo > demo.sql'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ databases, site, stdout, gone }) => {
    await databases.dump(site, { stdout, signal: gone })
    return undefined
  },
})
