// Keeps the values of variables out of what builds and commands of a site print.
import type { Environment } from './environment.ts'

const shownInstead = '********'
/** Shorter ones are words like "true", and would tear holes into every line. */
const leastLength = 8
/** The platform's own, and nothing that has to be hidden. */
const knownToAll = new Set(['DB_HOST', 'DB_PORT', 'DB_SOCKET', 'DB_NAME', 'DB_USER'])

/** @returns a function that hides the values in a line; of a value of several lines, each of them */
export function maskValues(environment: Environment): (line: string) => string {
  const values = Object.entries(environment)
    .filter(([name]) => !knownToAll.has(name))
    .flatMap(([, value]) => value.split(/\r?\n/))
  const secrets = [...new Set(values.map((value) => value.trim()))]
    .filter((value) => value.length >= leastLength)
    // A value may hold another: the longer one first.
    .sort((one, other) => other.length - one.length)
  return (line) => secrets.reduce((masked, secret) => masked.replaceAll(secret, () => shownInstead), line)
}
