// Logins by password and by app token, for every door: one count of failures by address and by account, one answer to all that is wrong.
// What tells accounts that exist from those that don't is neither said nor measurable: each wrong one costs one hash.
import { randomBytes } from 'node:crypto'
import { accountNameSchema } from '../../names/account-name.ts'
import { hashPassword, isOutdated, matchesPassword } from '../../lib/argon2.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { Turns } from '../../lib/turns.ts'
import type { Store } from '../../store/store.ts'
import type { Actor } from '../authorize.ts'
import { isPossible, normalised } from '../passwords.ts'
import { findToken, looksLikeToken } from '../tokens.ts'
import { type AccountBlocks, delayMs } from './account-blocks.ts'
import { type Credential, findActor } from './credential.ts'
import type { FailureRecord } from './failure-record.ts'
import { Familiars } from './familiars.ts'
import type { Penalties } from './penalties.ts'
import { plainAddress, sourceOf } from './source.ts'
import { createUse } from './use.ts'
import { Verified } from './verified.ts'

export interface Knock {
  /** Whom it claims to be. Means nothing beside a token. */
  readonly name: string
  readonly secret: string
  readonly address: string
  readonly door: 'ssh' | 'https'
}

export type LoginVerdict =
  | { readonly is: 'visitor'; readonly actor: Actor; readonly credential: Credential }
  | { readonly is: 'refused' }
  | { readonly is: 'blocked'; readonly forMs: number }

export interface Logins {
  /** Of addresses; what goes wrong at a door by other ways counts there, too. */
  readonly penalties: Penalties
  /** Takes longer the more has gone wrong before. */
  logIn(knock: Knock): Promise<LoginVerdict>
  /** Who came with it, as things are now. */
  recheck(credential: Credential): Promise<Actor | undefined>
  /** Notes that somebody came with it. */
  used(credential: Credential): void
  /** Notes that somebody went without having logged in: with a key that nobody has, for one. */
  failed(from: Pick<Knock, 'address' | 'door'>): void
}

export interface LoginParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly penalties: Penalties
  readonly blocks: AccountBlocks
  readonly record: FailureRecord
}

/** First the address's turn, then the account's: in one order, or two would wait for each other. */
function createTurns(): Inside['inTurn'] {
  const accounts = new Turns<string>()
  const addresses = new Turns<string>()
  return async ({ subject, address }, work) =>
    await addresses.take(sourceOf(address), () => accounts.take(subject, work))
}

const refused: LoginVerdict = { is: 'refused' }
const noName = '(no name of an account)'

export async function createLogins(parts: LoginParts): Promise<Logins> {
  const { penalties, store, clock } = parts
  const inside = {
    ...parts,
    inTurn: createTurns(),
    familiars: new Familiars(clock),
    verified: new Verified(clock),
    nobody: await hashPassword(randomBytes(16).toString('base64url')),
  }
  return {
    penalties,
    async logIn(knock) {
      const forMs = penalties.refusedForMs(knock.address)
      if (forMs > 0) return { is: 'blocked', forMs }
      return looksLikeToken(knock.secret) ? await byToken(knock, inside) : await byPassword(knock, inside)
    },
    used: createUse(parts),
    failed(from) {
      penalties.offend(from.address, 'login-failed')
      countAddress(from, parts).catch((error: unknown) =>
        parts.log.warn({ err: error }, 'a failed login was not noted'),
      )
    },
    recheck: (credential) => findActor(credential, { store, clock }),
  }
}

interface Inside extends LoginParts {
  /** A guesser learns the outcome of one try before the next is made, however many are made at once, of one account or from one address. */
  readonly inTurn: <T>(who: { subject: string; address: string }, work: () => Promise<T>) => Promise<T>
  readonly familiars: Familiars
  readonly verified: Verified
  /** A hash that nothing fits. */
  readonly nobody: string
}

/** Not counted against an account: nobody guesses 256 bits, and the name beside it means nothing. */
async function byToken(knock: Knock, inside: Inside): Promise<LoginVerdict> {
  const token = await findToken(inside, knock.secret)
  if (token !== undefined) return await welcome({ kind: 'token', id: token.id }, knock, inside)
  inside.penalties.offend(knock.address, 'wrong-password')
  await countAddress(knock, inside)
  return refused
}

async function byPassword(knock: Knock, inside: Inside): Promise<LoginVerdict> {
  const { blocks, clock, familiars, penalties } = inside
  const name = accountNameSchema.safeParse(knock.name).data ?? noName
  // Whoever locks an account by guessing does not lock out those who come from where they came from before.
  const subject = familiars.has(name, knock.address) ? `${name} from ${sourceOf(knock.address)}` : name
  const { verdict, waitMs } = await inside.inTurn({ subject, address: knock.address }, async () => {
    const forMs = Math.max(blocks.blockedForMs(subject), penalties.refusedForMs(knock.address))
    if (forMs > 0) return { verdict: { is: 'blocked', forMs } as const, waitMs: 0 }
    const verdict = await compare({ ...knock, name }, inside)
    if (verdict.is === 'visitor') await forgive(subject, knock, inside)
    return { verdict, waitMs: verdict.is === 'visitor' ? 0 : delayMs(await blame(subject, knock, inside)) }
  })
  await clock.sleep(waitMs)
  return verdict
}

async function compare(knock: Knock, inside: Inside): Promise<LoginVerdict> {
  const { store, nobody, verified } = inside
  const { address } = knock
  const password = normalised(knock.secret)
  const stored = await store.passwords.findByName(knock.name)
  const expected = stored?.hash ?? nobody
  if (verified.has({ hash: expected, password, address }) && stored !== undefined)
    return await welcome(credentialOf(stored), knock, inside)
  const fits = await matchesPassword(isPossible(password) ? password : '', expected)
  if (stored === undefined || !fits) return refused
  const hash = isOutdated(stored.hash) ? await hashPassword(password) : stored.hash
  if (hash !== stored.hash) await store.passwords.rehash(stored.account_id, hash)
  verified.add({ hash, password, address })
  return await welcome(credentialOf(stored), knock, inside)
}

function credentialOf(stored: { account_id: number; changed_at: string }): Credential {
  return { kind: 'password', accountId: stored.account_id, changedAt: stored.changed_at }
}

async function welcome(
  credential: Credential,
  { address }: Knock,
  { store, clock, penalties }: Pick<Inside, 'store' | 'clock' | 'penalties'>,
): Promise<LoginVerdict> {
  const actor = await findActor(credential, { store, clock })
  if (actor === undefined) return refused
  penalties.vouch(address)
  return { is: 'visitor', actor, credential }
}

async function forgive(
  subject: string,
  { name, address }: Knock,
  { blocks, familiars, record }: Inside,
): Promise<void> {
  familiars.add(name, address)
  if (blocks.forget(subject)) await record.forget('account', subject)
}

/** @returns how many there have been */
async function blame(subject: string, knock: Knock, { blocks, penalties, record, log }: Inside): Promise<number> {
  const address = plainAddress(knock.address)
  penalties.offend(address, 'wrong-password')
  const { failures, blockedUntil } = blocks.failed(subject)
  await record.put('account', subject, { address, door: knock.door, failures, blockedUntil })
  await countAddress(knock, { penalties, record })
  log.info({ account: subject, address, door: knock.door, failures }, 'a wrong password')
  return failures
}

async function countAddress(
  { address, door }: Pick<Knock, 'address' | 'door'>,
  { penalties, record }: Pick<Inside, 'penalties' | 'record'>,
): Promise<void> {
  const blockedUntil = penalties.debtPaidAt(address).getTime()
  await record.count('address', sourceOf(address), { address: plainAddress(address), door, blockedUntil })
}
