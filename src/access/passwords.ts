// The rules for passwords of accounts (NIST SP 800-63B, 3.1.1: length counts, composition doesn't), and setting one.
import { HostingError } from '../errors/hosting-error.ts'
import { hashPassword } from '../lib/argon2.ts'
import type { Account } from '../store/accounts.ts'
import type { Store } from '../store/store.ts'
import { looksLikeToken } from './tokens.ts'

const leastCharacters = 10
const mostBytes = 1024

/** As it is hashed: what keyboards and systems write differently is the same (RFC 8265, 4.2). */
export function normalised(password: string): string {
  return password.normalize('NFC')
}

/** What no password can be is not worth a hash. */
export function isPossible(password: string): boolean {
  return password !== '' && Buffer.byteLength(password) <= mostBytes
}

/** @throws HostingError invalid-password */
export async function setPassword(store: Pick<Store, 'passwords'>, account: Account, typed: string): Promise<void> {
  const password = normalised(typed)
  const wrong = whyNot(password, account)
  if (wrong !== undefined)
    throw new HostingError('invalid-password', `This can't be a password: ${wrong}`, {
      hint: `At least ${leastCharacters} characters. Four words that have nothing to do with each other are easy to remember.`,
    })
  await store.passwords.set(account.id, await hashPassword(password))
}

function whyNot(password: string, { name }: Account): string | undefined {
  const lower = password.toLowerCase()
  if (Array.from(password).length < leastCharacters) return `it has fewer than ${leastCharacters} characters`
  if (!isPossible(password)) return `it has more than ${mostBytes} bytes`
  if (/\p{Cc}/u.test(password)) return 'it holds a control character'
  if (looksLikeToken(password)) return 'it looks like an app token'
  if (lower.replaceAll(name, '').length < leastCharacters / 2) return 'it is little more than the name of the account'
  if (new Set(lower).size < 5) return 'it has fewer than 5 different characters'
  if (isInRow(lower)) return 'it is a row of neighbouring characters'
  return undefined
}

/** 1234567890, abcdefghij, qwertzuiop: each character follows the one before. */
function isInRow(text: string): boolean {
  const rows = ['qwertyuiop', 'qwertzuiop', 'azertyuiop', '1234567890']
  return (
    rows.some((row) => text.startsWith(row)) ||
    Array.from(text).every((char, at) => at === 0 || char.charCodeAt(0) - text.charCodeAt(at - 1) === 1)
  )
}
