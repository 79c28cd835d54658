import type { CronState } from '../../deploy/processes/types.ts'
import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { listing } from '../output/outcome.ts'
import type { Column } from '../output/table.ts'
import { renderNextTime, renderTime, type View } from '../output/view.ts'

export const cron = siteCommand({
  name: 'cron',
  group: 'Environment',
  summary: 'List what a site runs at set times',
  description:
    'The entries of hosting.toml and app.json that the live release has, with their next run and what became of the last one.',
  examples: ['cron demo', 'cron demo --json'],
  permission: 'site:read',
  input: nothing,
  run: async ({ deployments, site }) => {
    const { cron: rows } = await deployments.surveyProcesses(site)
    return listing({
      rows,
      columns,
      empty: [
        site.state === 'stopped'
          ? `${site.name} is stopped: nothing is run for it.`
          : `${site.name} runs nothing at set times. [[cron]] in hosting.toml says what is to be run.`,
      ],
    })
  },
})

const columns: readonly Column<CronState>[] = [
  { head: 'NUMBER', cell: ({ number }) => String(number) },
  { head: 'SCHEDULE', cell: ({ schedule, timezone }) => (timezone === 'UTC' ? schedule : `${schedule} ${timezone}`) },
  { head: 'NEXT', cell: ({ nextAt }, view) => renderNextTime(nextAt, view) },
  {
    head: 'LAST',
    cell: lastRun,
    paint: ({ last }, view) => (hasFailed(last) ? view.colors.red : String),
  },
  { head: 'COMMAND', cell: ({ command }) => command },
]

const words = {
  done: 'done',
  timeout: 'out of time',
  interrupted: 'interrupted',
  'not-started': 'not started',
} as const

function lastRun({ last, running }: CronState, view: View): string {
  if (running)
    return last?.endedAt === null ? `running, started ${renderTime(last.startedAt, view)}` : 'waits for its turn'
  if (last?.result == null) return '-'
  const result = last.result === 'failed' ? `status ${last.exitCode}` : words[last.result]
  return `${result}, ${renderTime(last.startedAt, view)}`
}

export function hasFailed(last: CronState['last']): boolean {
  return last?.result != null && last.result !== 'done'
}
