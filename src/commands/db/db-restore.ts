import { sshCommand } from '../../config/ssh-command.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const dbRestore = siteCommand({
  name: 'db:restore',
  group: 'Database',
  summary: 'Replace a database by the content of a dump',
  description:
    'From standard input, SQL of mariadb-dump, mysqldump or phpMyAdmin, of one database. It is loaded aside and takes the place of the old\ncontent in one step when all of it is there; a mistake in it changes nothing.',
  examples: ['db:restore demo < demo.sql'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ config, deployments, site, stdin, terminal, gone }) => {
    if (terminal !== undefined)
      throw new HostingError('usage', 'A dump is read from standard input, and that is a terminal', {
        hint: `${sshCommand(config)} db:restore ${site.name} < dump.sql   (without -t)`,
      })
    const { tables } = await deployments.restoreDatabase(site, { stdin, signal: gone })
    return done(
      { site: site.name, tables },
      `The database of ${site.name} holds ${tables === 1 ? '1 table' : `${tables} tables`} now`,
    )
  },
})
