import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { command } from '../command.ts'
import { nothing } from '../inputs.ts'

const packageSchema = z.object({ version: z.string() })

export const version = command({
  name: 'version',
  group: 'General',
  summary: 'Show the version of the platform',
  examples: ['version'],
  permission: 'anybody',
  input: nothing,
  run: async () => {
    const data = packageSchema.parse(
      JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')),
    )
    return { data, text: () => [`hosting ${data.version}`] }
  },
})
