import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { commitDrift, findDrift } from '../../uploads/drift.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'
import { below, nothing, pathArgument, pathsInput, rowsOf } from './drift.ts'

export const driftCommit = siteCommand({
  name: 'drift:commit',
  group: 'Environment',
  summary: 'Commit what a site has changed to its branch',
  description:
    'As `drift` shows it: one commit of yours, proven and live like a push. Settings with passwords in them are committed, too.',
  arguments: [pathArgument],
  options: [{ flags: '-m, --message <text>', description: 'of the commit' }],
  examples: ['drift:commit demo', 'drift:commit demo conf --message Installed'],
  permission: 'site:operate',
  input: z.object({ path: pathsInput, message: z.string().min(1).max(1000).optional() }),
  run: async (context, { path, message }) => {
    const { site, account, progress } = context
    await using all = await findDrift(site, context)
    const found = below(all, path)
    const rows = found === undefined ? [] : rowsOf(found)
    if (found === undefined || rows.length + found.busy.length === 0)
      throw new HostingError('conflict', nothing(site.name, path), {
        hint: `storage ${site.name}   shows what it keeps.`,
      })
    const files = rows.length === 1 ? '1 file' : `${rows.length} files`
    const how = { account, message: message ?? `As the site has it: ${files} changed`, print: progress }
    const commit = await commitDrift(site, found, { ...context, ...how })
    return done({ commit, files: rows }, `${files} committed to ${site.branch}: git pull --rebase fetches them`)
  },
})
