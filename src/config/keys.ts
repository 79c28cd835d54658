// The names of the options: as a key, and as an environment variable.
import { configSchema, type ConfigKey } from './schema.ts'

export const configKeys = Object.keys(configSchema.unwrap().shape) as readonly ConfigKey[]

export function envName(key: string): string {
  return `HOSTING_${key.replaceAll('-', '_').toUpperCase()}`
}
