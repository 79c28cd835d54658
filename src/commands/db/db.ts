// The database of a site: a prompt at a terminal, SQL that comes in elsewhere, and else what it is. To change it takes write access.
import { once } from 'node:events'
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
    'At a terminal, those with write access get an SQL prompt (ssh -t); SQL on standard input is run. Elsewhere, or with --info, it shows\nname, size and connections; --reveal adds the password, for an installer that asks for it.',
  options: [
    { flags: '--info', description: 'show what it is, at a terminal as well' },
    { flags: '--reveal', description: 'show the password, too' },
  ],
  examples: ['db demo', 'db demo < query.sql', 'db demo --info', 'db demo --reveal --json'],
  permission: 'site:read',
  toChange: 'site:operate',
  changes: ({ reveal }) => reveal,
  input: z.object({ info: flag, reveal: flag }),
  run: async (context, { info, reveal }) => {
    if (context.json || info || reveal) return await show(context, reveal)
    if (context.terminal === undefined) return (await hasInput(context)) ? await runSql(context) : await show(context)
    if (!(await mayChange(context))) return await show(context)
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

/** Who has ssh without -t at a terminal has typed nothing yet: it is not waited for. */
const inputWithinMs = 500

async function hasInput({ stdin, gone }: SiteContext): Promise<boolean> {
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, gone, AbortSignal.timeout(inputWithinMs)])
  if (stdin.readableLength === 0 && !stdin.readableEnded)
    await Promise.race(['readable', 'end', 'close'].map((event) => once(stdin, event, { signal }))).catch(
      () => undefined,
    )
  over.abort()
  return stdin.readableLength > 0
}

async function runSql({ databases, store, account, site, stdin, stdout, stderr, gone }: SiteContext): Promise<Outcome> {
  await authorize(store, account, { action: 'site:operate', site })
  const exitCode = await databases.open(site, { stdin, stdout, stderr, signal: gone })
  return { exitCode, data: null, text: () => [] }
}

async function show({ databases, site }: SiteContext, reveal = false): Promise<Outcome> {
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
