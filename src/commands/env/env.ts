import { z } from 'zod'
import { type SiteContext, siteCommand } from '../command.ts'
import { flag } from '../inputs.ts'
import { listing } from '../output/outcome.ts'
import type { Column } from '../output/table.ts'
import { renderTime } from '../output/view.ts'

const masked = '********'

export const env = siteCommand({
  name: 'env',
  group: 'Environment',
  summary: 'List the variables of a site',
  description:
    'Builds and instances of the site have them as environment variables. Values are shown with --reveal only.',
  options: [{ flags: '--reveal', description: 'show the values' }],
  examples: ['env demo', 'env demo --reveal --json'],
  permission: 'site:read',
  toChange: 'site:operate',
  changes: ({ reveal }) => reveal,
  input: z.object({ reveal: flag }),
  run: async (context, { reveal }) =>
    listing({
      rows: await variables(context, { reveal }),
      columns,
      empty: ['No variables are set:', `  env:set ${context.site.name} NAME=VALUE`],
    }),
})

type Variable = Awaited<ReturnType<typeof variables>>[number]

async function variables({ store, deployments, site }: SiteContext, { reveal }: { reveal: boolean }) {
  const opened = reveal ? await deployments.environment(site) : {}
  const stored = await store.environment.listOf(site.id)
  return stored.map(({ name, updated_at }) => ({ name, value: opened[name] ?? masked, updatedAt: updated_at }))
}

const columns: readonly Column<Variable>[] = [
  { head: 'NAME', cell: (row) => row.name },
  { head: 'VALUE', cell: (row) => row.value },
  { head: 'SET', cell: (row, view) => renderTime(row.updatedAt, view) },
]
