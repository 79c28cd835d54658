import { z } from 'zod'
import { isRefusedWrite, refusedWriteHint } from '../../deploy/refused-write.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { flag, oneOf, releaseNumber } from '../inputs.ts'
import { write, writeLine } from '../output/write.ts'
import { appLog } from './app.ts'
import { buildLog } from './build.ts'
import { type LogEntry, type LogSource, mergeEntries, renderEntry, sourceNames } from './entry.ts'
import { followAll } from './follow.ts'
import { mailLog } from './mail.ts'
import { cronLog, workerLog } from './processes.ts'
import { webLog } from './web.ts'

const input = z.object({
  follow: flag,
  lines: z.coerce.number('must be a number').int().min(0).max(10_000, 'must be at most 10000').default(100),
  source: oneOf(...sourceNames).optional(),
  release: releaseNumber.optional(),
})

export const logs = siteCommand({
  name: 'logs',
  group: 'Sites',
  summary: 'Show what a site does: requests and output',
  description:
    'web: requests. app: what the instances print. worker: what workers print, and their ends. cron: what was run at its time.\nmail: what became of the mail it sent. build: what the newest deploy printed. Without --source, all but build by time. With --json, a line of JSON each.',
  options: [
    { flags: '-f, --follow', description: 'go on until you press Ctrl-C; deploys in between are followed, too' },
    { flags: '-n, --lines <count>', description: 'how many to begin with (100 if left out)' },
    { flags: '--source <source>', description: 'web, app, worker, cron, mail or build' },
    { flags: '--release <number>', description: 'the build log of this release' },
  ],
  examples: ['logs demo', 'logs demo -f', 'logs demo --source web -n 1000 --json', 'logs demo --source build'],
  permission: 'site:read',
  input,
  run: async (context, typed) => {
    const sources = sourcesOf(context, typed)
    const backlogs = await Promise.all(sources.map((source) => source.backlog(typed.lines)))
    const entries = mergeEntries(backlogs, typed.lines)
    const hint = createHint(context)
    for (const entry of entries) {
      await write(context, renderEntry(entry, context))
      hint(entry)
    }
    if (entries.length === 0 && typed.lines > 0) writeLine(context.stderr, 'Nothing was logged yet.')
    if (typed.follow) await followAll(context, sources, hint)
    return undefined
  },
})

/** Says once what a refused write means, beside the log: only the application saw it happen. */
function createHint({ stderr }: SiteContext): (entry: LogEntry) => void {
  let said = false
  return ({ source, text }) => {
    if (said || source !== 'app' || !isRefusedWrite(text)) return
    said = true
    writeLine(stderr, `  → ${refusedWriteHint}`)
  }
}

function sourcesOf(context: SiteContext, { source, release }: z.infer<typeof input>): LogSource[] {
  if (source === 'build' || release !== undefined) return [buildLog(context, release)]
  if (source === 'web') return [webLog(context)]
  if (source === 'app') return [appLog(context)]
  if (source === 'mail') return [mailLog(context)]
  if (source === 'worker') return [workerLog(context)]
  if (source === 'cron') return [cronLog(context)]
  return [webLog(context), appLog(context), workerLog(context), cronLog(context), mailLog(context)]
}
