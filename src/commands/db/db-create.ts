import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const dbCreate = siteCommand({
  name: 'db:create',
  group: 'Database',
  summary: 'Make a database for a site',
  description:
    'Needed only where the platform cannot know: applications that use one get it with their first push. What runs is replaced by a\nfresh instance that finds it in DB_HOST, DB_NAME, DB_USER, DB_PASSWORD and DATABASE_URL.',
  examples: ['db:create demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ deployments, databases, site, progress }) => {
    const made = await deployments.createDatabase(site, progress)
    const { name } = await databases.get(site)
    const data = { site: site.name, database: name, made }
    return done(data, made ? `${site.name} has a database, ${name}` : `${site.name} has a database already, ${name}`, [
      `db ${site.name}   shows more of it.`,
    ])
  },
})
