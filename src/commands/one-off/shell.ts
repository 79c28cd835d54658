import { HostingError } from '../../errors/hosting-error.ts'
import { siteCommand } from '../command.ts'
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
    if (terminalOf(context) === undefined)
      throw new HostingError('usage', 'A shell needs a terminal, and there is none', {
        hint: `ssh -t … shell ${context.site.name}\nWithout a terminal: ssh … run ${context.site.name} -- bash < script`,
      })
    // Its uid has no name, which a prompt of Debian's would lament.
    return await openOneOff(context, ['env', `PS1=${context.site.name}:\\w\\$ `, 'bash', '--norc'])
  },
})
