// One frozen configuration out of defaults < file < environment < flags, each source checked with its own words.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse as parseToml } from 'smol-toml'
import { HostingError } from '../errors/hosting-error.ts'
import { hasErrorCode } from '../lib/files.ts'
import { homeAt, type Home } from './home.ts'
import { configSchema, type ConfigKey, type RawConfig } from './schema.ts'

export type Config = Omit<RawConfig, 'home'> & { readonly home: Home }

export interface ConfigSources {
  readonly flags: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file?: string | undefined
}

/** @throws HostingError invalid-config naming the source and the key */
export function loadConfig({ flags, env, file }: ConfigSources): Config {
  const path = flags['config'] ?? env['HOSTING_CONFIG'] ?? file
  const values = { ...readFile(path), ...fromEnv(env), ...fromFlags(flags) }
  const parsed = configSchema.safeParse(values)
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  const { home, ...rest } = parsed.data
  return Object.freeze({ ...rest, home: homeAt(resolve(home), rest['run-link']) })
}

export const configKeys = Object.keys(configSchema.unwrap().shape) as readonly ConfigKey[]

export function envName(key: string): string {
  return `HOSTING_${key.replaceAll('-', '_').toUpperCase()}`
}

function fromEnv(env: ConfigSources['env']): Record<string, string> {
  return Object.fromEntries(
    configKeys.flatMap((key) => {
      const value = env[envName(key)]
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

function fromFlags(flags: ConfigSources['flags']): Record<string, string> {
  return Object.fromEntries(Object.entries(flags).filter(([key]) => key !== 'config'))
}

function readFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {}
  try {
    return parseToml(readFileSync(path, 'utf8'))
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) throw invalid([`${path}: no such file`])
    throw invalid([`${path}: ${error instanceof Error ? error.message : String(error)}`])
  }
}

function invalid(details: string[]): HostingError {
  return new HostingError('invalid-config', 'The configuration has mistakes', {
    details,
    hint: 'docs/configuration.md lists every key, its type and its default.',
  })
}
