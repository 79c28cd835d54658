// Public-key login (RFC 4252, 7): the key alone says who it is; the user name means nothing.
import { timingSafeEqual } from 'node:crypto'
import ssh2, { type AuthContext, type PublicKeyAuthContext } from 'ssh2'
import { fingerprintOf } from '../../access/public-key.ts'
import type { Account } from '../../store/accounts.ts'
import type { Key } from '../../store/keys.ts'
import type { Store } from '../../store/store.ts'

export interface Visitor {
  readonly account: Account
  readonly fingerprint: string
}

/** `known`: the key may go on to sign (first phase); `visitor`: it has signed (second phase). */
export type Verdict = { readonly is: 'refused' } | { readonly is: 'known' } | ({ readonly is: 'visitor' } & Visitor)

const refused: Verdict = { is: 'refused' }

export async function judgeLogin(store: Store, context: AuthContext): Promise<Verdict> {
  if (context.method !== 'publickey' || signsWithSha1(context)) return refused
  const fingerprint = fingerprintOf(context.key.data)
  const key = await store.keys.find(fingerprint)
  if (key === undefined || !isSameKey(key, context.key.data)) return refused
  if (context.signature === undefined) return { is: 'known' }
  if (!hasSigned(key, context)) return refused
  return { is: 'visitor', account: await store.accounts.get(key.account_id), fingerprint }
}

/** The account behind a fingerprint as it is now: a key removed in the meantime opens nothing any more. */
export async function findVisitor(store: Store, fingerprint: string): Promise<Visitor | undefined> {
  const key = await store.keys.find(fingerprint)
  return key && { account: await store.accounts.get(key.account_id), fingerprint }
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
