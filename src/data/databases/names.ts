// How databases and accounts are called. Pure.
import { randomInt } from 'node:crypto'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'
const longestReadablePart = 20
/** Six of 36: on a server that others use as well, nobody else's by chance. */
const suffixLength = 6
const passwordLength = 32

/**
 * A name for the database of a site and its account: a readable part and one of chance, `[a-z][a-z0-9_]*`, so that no application
 * has to quote it. With the endings of a restore it stays within the 32 characters that MySQL allows an account (MariaDB: 80; both
 * allow a database 64).
 */
export function newDatabaseName(site: string): string {
  const readable = site
    .toLowerCase()
    .replace(/\.localhost$/, '')
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, longestReadablePart)
    .replace(/^_+|_+$/g, '')
  const start = /^[a-z]/.test(readable) ? readable : `s${readable}`.slice(0, longestReadablePart)
  return `${start}_${randomText(suffixLength, letters + digits)}`
}

/** Letters and digits only: nothing to escape in a URL, a configuration file or a form. 190 bits. */
export function newPassword(): string {
  return randomText(passwordLength, letters + letters.toUpperCase() + digits)
}

/** What a restore uses beside the database: where it loads the dump, as whom, and where the former tables go. */
export function restoreNames(name: string) {
  return { scratch: `${name}_new`, account: `${name}_new`, retired: `${name}_old` }
}

function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}
