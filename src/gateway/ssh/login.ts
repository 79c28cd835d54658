// Logins by SSH (RFC 4252): a public key alone says who it is, and the user name means nothing then; a password is that of the account
// which the user name names, or an app token.
import { timingSafeEqual } from 'node:crypto'
import ssh2, { type AuthContext, type KeyboardAuthContext, type PublicKeyAuthContext } from 'ssh2'
import type { Actor } from '../../access/authorize.ts'
import type { Credential } from '../../access/logins/credential.ts'
import type { Logins, LoginVerdict } from '../../access/logins/logins.ts'
import { fingerprintOf } from '../../access/public-key.ts'
import type { Key } from '../../store/keys.ts'
import type { Store } from '../../store/store.ts'

export interface Visitor {
  readonly account: Actor
  readonly credential: Credential
  readonly fingerprint?: string
}

/** `known`: the key may go on to sign (first phase). */
export type Verdict = LoginVerdict | { readonly is: 'known' }

export interface LoginContext {
  readonly store: Store
  readonly logins: Pick<Logins, 'logIn'>
  readonly address: string
  readonly passwords: boolean
}

const refused: Verdict = { is: 'refused' }

export async function judgeLogin(attempt: AuthContext, context: LoginContext): Promise<Verdict> {
  if (attempt.method === 'publickey') return await judgeKey(context.store, attempt)
  if (!context.passwords) return refused
  if (attempt.method === 'password') return await judgePassword(attempt, attempt.password, context)
  if (attempt.method !== 'keyboard-interactive') return refused
  const typed = await askForPassword(attempt)
  if (typed === undefined) return refused
  const verdict = await judgePassword(attempt, typed, context)
  if (verdict.is === 'blocked') await tellBlocked(attempt, verdict.forMs)
  return verdict
}

/** What `Request` needs of a visitor. */
export function visitorOf(actor: Actor, credential: Credential): Visitor {
  const key = credential.kind === 'key' ? { fingerprint: credential.fingerprint } : {}
  return { account: actor, credential, ...key }
}

async function judgePassword(
  { username }: AuthContext,
  secret: string,
  { logins, address }: LoginContext,
): Promise<Verdict> {
  return await logins.logIn({ name: username, secret, address, door: 'ssh' })
}

/** Undefined when the client has gone on to something else (RFC 4256, 3.1). */
async function askForPassword(attempt: KeyboardAuthContext): Promise<string | undefined> {
  return await new Promise((resolve) => {
    attempt.on('abort', () => resolve(undefined))
    attempt.prompt({ prompt: 'Password: ', echo: false }, ([answer]) => resolve(answer))
  })
}

/** The one method that has words for it. */
async function tellBlocked(attempt: KeyboardAuthContext, forMs: number): Promise<void> {
  const words = `Too many wrong passwords. Try again in ${Math.ceil(forMs / 1000)} s, or log in with a key.`
  await new Promise<void>((resolve) => {
    attempt.on('abort', () => resolve())
    attempt.prompt([], 'Not now', words, () => resolve())
  })
}

async function judgeKey(store: Store, attempt: PublicKeyAuthContext): Promise<Verdict> {
  if (signsWithSha1(attempt)) return refused
  const fingerprint = fingerprintOf(attempt.key.data)
  const key = await store.keys.find(fingerprint)
  if (key === undefined || !isSameKey(key, attempt.key.data)) return refused
  if (attempt.signature === undefined) return { is: 'known' }
  if (!hasSigned(key, attempt)) return refused
  return {
    is: 'visitor',
    actor: await store.accounts.get(key.account_id),
    credential: { kind: 'key', fingerprint },
  }
}

/** ssh2 calls every RSA key ssh-rsa and leaves the hash out when the client meant SHA-1 (RFC 8332). */
function signsWithSha1(context: PublicKeyAuthContext): boolean {
  return context.key.algo === 'ssh-rsa' && context.hashAlgo === undefined
}

function isSameKey(key: Key, offered: Buffer): boolean {
  const stored = Buffer.from(key.public_key.split(' ')[1] ?? '', 'base64')
  return stored.length === offered.length && timingSafeEqual(stored, offered)
}

function hasSigned(key: Key, { key: { algo }, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  if (signature === undefined || blob === undefined) return false
  const parsed = ssh2.utils.parseKey(key.public_key)
  if (parsed instanceof Error || parsed.type !== algo) return false
  // An Error instead of false is how ssh2 reports a signature that can't even be read.
  const valid: unknown = parsed.verify(blob, signature, hashAlgo)
  return valid === true
}
