import { z } from 'zod'
import { siteCommand } from '../command.ts'
import { changed } from './changed.ts'

export const envUnset = siteCommand({
  name: 'env:unset',
  group: 'Environment',
  summary: 'Remove variables of a site, as a new release',
  arguments: [{ name: 'name', description: 'of a variable', rest: true }],
  examples: ['env:unset demo API_TOKEN'],
  permission: 'site:operate',
  input: z.object({ name: z.array(z.string()) }),
  run: async (context, { name }) => {
    const { deployments, site, account, progress } = context
    return await changed(context, await deployments.changeEnvironment(site, { unset: name, account, print: progress }))
  },
})
