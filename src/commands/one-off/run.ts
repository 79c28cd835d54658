import { z } from 'zod'
import { siteCommand } from '../command.ts'
import { openOneOff } from './open.ts'

export const run = siteCommand({
  name: 'run',
  group: 'Sites',
  summary: 'Run a program in the live release of a site',
  description:
    'In a container of its own, with the variables, storage, database and limits of the site. Its input, output and exit status are yours;\nwith a terminal (ssh -t) it has one. The words are its arguments as they are: no shell reads them, unless you run one.',
  arguments: [{ name: 'command', description: 'the program and its arguments', rest: true }],
  examples: [
    'run demo -- php artisan migrate',
    'run demo -- php import.php < data.csv',
    "run demo -- sh -c 'ls /storage && du -sh /storage'",
  ],
  wordsAreAnothers: true,
  permission: 'site:operate',
  input: z.object({
    command: z
      .array(z.string())
      .transform((words) => (words[0] === '--' ? words.slice(1) : words))
      .refine(([program = '']) => program !== '' && !program.startsWith('-'), 'name a program to run'),
  }),
  run: async (context, { command }) => await openOneOff(context, command),
})
