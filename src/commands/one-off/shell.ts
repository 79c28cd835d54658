import { sshCommand } from '../../config/ssh-command.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { openOneOff, terminalOf } from './open.ts'

export const shell = siteCommand({
  name: 'shell',
  group: 'Sites',
  summary: 'Open a shell in the live release of a site',
  description:
    'At a terminal (ssh -t). A container of its own, with the variables, storage, database and limits of the site; the release itself is\nread-only. It ends with the connection.',
  examples: ['shell demo'],
  permission: 'site:operate',
  input: nothing,
  run: async (context) => {
    if (terminalOf(context) === undefined) throw noTerminal(context)
    // Its uid has no name, which a prompt of Debian's would lament.
    return await openOneOff(context, ['env', `PS1=${context.site.name}:\\w\\$ `, 'bash', '--norc'])
  },
})

function noTerminal({ config, site }: SiteContext): HostingError {
  const ssh = sshCommand(config)
  return new HostingError('usage', 'A shell needs a terminal, and there is none', {
    hint: `${ssh.replace('ssh', 'ssh -t')} shell ${site.name}\nWithout a terminal: ${ssh} run ${site.name} -- bash < script`,
  })
}
