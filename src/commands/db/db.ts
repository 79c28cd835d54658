import { z } from 'zod'
import { authorize } from '../../access/authorize.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { flag } from '../inputs.ts'
import { facts } from '../output/outcome.ts'
import { renderBytes, renderTime } from '../output/view.ts'
import type { Outcome } from '../types.ts'
import { failed } from './failed.ts'

export const db = siteCommand({
  name: 'db',
  group: 'Database',
  summary: 'Open the database of a site, or show what it is',
  description:
    'At a terminal, those with write access get an SQL prompt (ssh -t). Elsewhere, or with --info, it shows name, size and connections;\n--reveal adds the password, for an installer that asks for it.',
  options: [
    { flags: '--info', description: 'show what it is, at a terminal as well' },
    { flags: '--reveal', description: 'show the password, too' },
  ],
  examples: ['db demo', 'db demo --info', 'db demo --reveal --json'],
  permission: 'site:read',
  toChange: 'site:operate',
  changes: ({ reveal }) => reveal,
  input: z.object({ info: flag, reveal: flag }),
  run: async (context, { info, reveal }) => {
    const asksForPrompt = context.terminal !== undefined && !context.json && !info && !reveal
    if (!asksForPrompt || !(await mayChange(context))) return await show(context, reveal)
    await open(context, context.terminal)
    return undefined
  },
})

async function mayChange({ store, account, site }: SiteContext): Promise<boolean> {
  try {
    await authorize(store, account, { action: 'site:operate', site })
    return true
  } catch (error) {
    if (error instanceof HostingError) return false
    throw error
  }
}

async function open(context: SiteContext, terminal: NonNullable<SiteContext['terminal']>): Promise<void> {
  const { databases, site, stdin, stdout, stderr, gone } = context
  // A prompt has its own ideas of Ctrl-C and Ctrl-D.
  const giveBack = context.takeKeys?.()
  const exitCode = await databases
    .open(site, { stdin, stdout, stderr, terminal, signal: gone })
    .finally(() => giveBack?.())
  if (exitCode !== 0) throw failed(site)
}

async function show({ databases, site }: SiteContext, reveal: boolean): Promise<Outcome> {
  const info = await databases.describe(site)
  const data = { site: site.name, ...info, ...(reveal ? { password: await databases.password(site) } : {}) }
  return facts(data, (view) => [
    ['Database', info.name],
    ['User', info.user],
    ...(data.password === undefined ? [] : [['Password', data.password] as const]),
    ['Host', info.port === null ? info.host : `${info.host}:${info.port}`],
    ...(info.socket === null ? [] : [['Socket', info.socket] as const]),
    ['Size', `${renderBytes(info.sizeBytes)} in ${info.tables} ${info.tables === 1 ? 'table' : 'tables'}`],
    ['Connections', `${info.connections} of ${info.maxConnections}`],
    ['Created', renderTime(info.createdAt, view)],
  ])
}
