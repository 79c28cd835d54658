// What each source of the configuration says: flags and environment. Every value keeps the words to blame it with.
import { suggestion } from '../lib/nearest.ts'
import { configKeys, envName } from './keys.ts'

/** A value as it was given, and how to say what is wrong with it. */
export interface Given {
  readonly key: string
  readonly value: unknown
  readonly blame: (reason: string) => string
}

export interface Source {
  readonly given: readonly Given[]
  readonly mistakes: readonly string[]
}

/** Variables that are no keys: the file, and the fault that tests inject. */
const otherVariables = ['HOSTING_CONFIG', 'HOSTING_FAULT']

export function fromFlags(flags: Readonly<Record<string, string>>): Source {
  const entries = Object.entries(flags).filter(([key]) => key !== 'config')
  return {
    given: entries.map(([key, value]) => ({ key, value, blame: (reason) => `--${key} ${quoted(value)}: ${reason}` })),
    mistakes: entries.filter(([key]) => !isKey(key)).map(([key]) => unknownFlag(`--${key}`)),
  }
}

export function unknownFlag(flag: string): string {
  const known = [...configKeys, 'config', 'help'].map((key) => `--${key}`)
  return `${flag} is not a flag${suggestion(flag, known)}`
}

export function fromEnv(env: Readonly<Record<string, string | undefined>>): Source {
  const given = configKeys.flatMap((key): Given[] => {
    const value = env[envName(key)]
    if (value === undefined) return []
    return [{ key, value, blame: (reason) => `${envName(key)}=${quoted(value)}: ${reason}` }]
  })
  return { given, mistakes: unknownVariables(env) }
}

function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...configKeys.map(envName), ...otherVariables]
  return Object.keys(env)
    .filter((name) => name.startsWith('HOSTING_') && env[name] !== undefined && !known.includes(name))
    .map((name) => `${name} is not a known environment variable${suggestion(name, known)}`)
}

export function isKey(key: string): boolean {
  return configKeys.some((known) => known === key)
}

/** As a shell would need it: an empty value and one with spaces must be visible. */
function quoted(value: string): string {
  return /^\S+$/.test(value) ? value : JSON.stringify(value)
}
