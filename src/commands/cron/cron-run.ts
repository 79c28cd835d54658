import { z } from 'zod'
import type { CronResult } from '../../store/schema.ts'
import { siteCommand } from '../command.ts'
import { done, failed } from '../output/outcome.ts'

const input = z.object({
  number: z
    .string()
    .regex(/^#?[1-9]\d{0,3}$/, 'must be the number of an entry, such as 1')
    .transform((text) => Number(text.replace('#', ''))),
})

export const cronRun = siteCommand({
  name: 'cron:run',
  group: 'Environment',
  summary: 'Run a cron entry now',
  description: 'Its output is shown and kept for logs as at its time; its exit status is that of the command.',
  arguments: [{ name: 'number', description: 'as cron SITE lists it' }],
  examples: ['cron:run demo 1'],
  permission: 'site:operate',
  input,
  run: async ({ deployments, site, progress }, { number }) => {
    const { result, exitCode } = await deployments.runCron(site, number, progress)
    const data = { number, result, exitCode }
    const said = `Entry ${number} of ${site.name} ${ends[result]}`
    if (result === 'done') return done(data, said)
    const status = exitCode === null ? '' : `, with exit status ${exitCode}`
    const next = [`logs ${site.name} --source cron   shows this run and those before it.`]
    return { ...failed(data, `${said}${status}`, next), exitCode: exitCode ?? 1 }
  },
})

const ends: Record<CronResult, string> = {
  done: 'is done',
  failed: 'has failed',
  timeout: 'ran out of time',
  interrupted: 'was interrupted',
  'not-started': 'could not be started',
}
