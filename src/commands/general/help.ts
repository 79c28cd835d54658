import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { type Command, command } from '../command.ts'
import { renderOverview, renderPage } from '../help-text.ts'
import type { Shown } from '../shown.ts'

/** @param commands the registry, which holds this command as well: read when it runs */
export function helpFor(commands: () => readonly Command[]): Command {
  return command({
    name: 'help',
    group: 'General',
    summary: 'List the commands, or explain one',
    arguments: [{ name: 'command', description: 'one of them', optional: true }],
    examples: ['help', 'help logs'],
    permission: 'anybody',
    input: z.object({ command: z.string().optional() }),
    run: ({ account }, input) => {
      const usable = commands().filter(({ group }) => group !== 'Accounts' || account.role === 'admin')
      if (input.command === undefined)
        return Promise.resolve({ data: usable.map(describe), text: (view) => renderOverview(usable, view) })
      const found = commands().find(({ name }) => name === input.command)
      if (found === undefined)
        throw new HostingError('usage', `There is no command ${input.command.slice(0, 80)}`, {
          hint: 'help lists all.',
        })
      return Promise.resolve({ data: describe(found), text: (view) => renderPage(found, view) })
    },
  })
}

function describe({ name, group, summary, arguments: args = [], options = [], examples, permission }: Shown) {
  return { name, group, summary, arguments: args, options, examples, permission }
}
