// The daemon's command line: every key of the configuration is a flag.
import { parseArgs } from 'node:util'
import { HostingError } from '../errors/hosting-error.ts'
import { hasErrorCode } from '../lib/files.ts'
import { configKeys } from './keys.ts'
import { configSchema } from './schema.ts'
import { unknownFlag } from './sources.ts'

/** @throws HostingError usage */
export function parseArguments(args: readonly string[]): { flags: Record<string, string>; help: boolean } {
  const options = Object.fromEntries([...configKeys, 'config'].map((key) => [key, { type: 'string' as const }]))
  try {
    const { values } = parseArgs({
      args: joinNegative(args),
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    })
    const { help = false, ...rest } = values
    const flags = Object.entries(rest).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    return { flags: Object.fromEntries(flags), help }
  } catch (error) {
    throw new HostingError('usage', complaint(error), {
      hint: '--help lists every flag.',
      cause: error,
    })
  }
}

/** `--key -3` reads as two flags: joined to `--key=-3`, the number itself can be found wrong, with its key. */
function joinNegative(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const arg of args) {
    const before = joined.at(-1)
    if (/^-\d/.test(arg) && before !== undefined && /^--[^=]+$/.test(before)) joined.splice(-1, 1, `${before}=${arg}`)
    else joined.push(arg)
  }
  return joined
}

function complaint(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const flag = /--?[\w-]+/.exec(message)?.[0]
  if (flag !== undefined && hasErrorCode(error, 'ERR_PARSE_ARGS_UNKNOWN_OPTION')) return unknownFlag(flag)
  if (flag !== undefined && /argument (is ambiguous|missing)/.test(message)) return `${flag} needs a value`
  return message
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
