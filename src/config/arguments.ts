// The daemon's command line: every key of the configuration is a flag.
import { parseArgs } from 'node:util'
import { HostingError } from '../errors/hosting-error.ts'
import { configKeys } from './load.ts'
import { configSchema } from './schema.ts'

/** @throws HostingError usage */
export function parseArguments(args: readonly string[]): { flags: Record<string, string>; help: boolean } {
  const options = Object.fromEntries([...configKeys, 'config'].map((key) => [key, { type: 'string' as const }]))
  try {
    const { values } = parseArgs({ args: [...args], options: { ...options, help: { type: 'boolean', short: 'h' } } })
    const { help = false, ...rest } = values
    const flags = Object.entries(rest).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    return { flags: Object.fromEntries(flags), help }
  } catch (error) {
    throw new HostingError('usage', error instanceof Error ? error.message : String(error), {
      hint: '--help lists every flag.',
      cause: error,
    })
  }
}

export function usage(): string {
  const { shape } = configSchema.unwrap()
  const lines = configKeys.map((key) => `  --${key.padEnd(36)} ${shape[key].description ?? ''}`)
  return [
    'Usage: npm start -- [flags]',
    '',
    ...lines,
    `  --${'config'.padEnd(36)} Configuration file (TOML) with these keys.`,
    '',
  ].join('\n')
}
