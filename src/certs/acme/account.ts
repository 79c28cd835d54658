// Our account with an ACME server, one a directory: made once, its key sealed in the database. A change of keys is written down before the
// server is told, so that whatever ends it in between, one of the two keys counts and both are there.
import acme from 'acme-client'
import { readFile } from 'node:fs/promises'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { absentAsUndefined } from '../../lib/files.ts'
import type { Sealing } from '../../lib/sealing.ts'
import type { Store } from '../../store/store.ts'
import { AcmeProblem } from './problem.ts'
import type { AcmeSession } from './session.ts'

export interface ServerParts {
  readonly config: Config
  readonly store: Pick<Store, 'acme'>
  readonly sealing: Sealing
  readonly clock: Clock
  /** Tests kill the process here. */
  readonly onStep?: (step: string) => void
}

/** Whose key was being changed when the platform ended is found out first. */
export async function logIn(parts: ServerParts, directory: string): Promise<acme.Client> {
  const account = await ensureAccount(parts, directory)
  const key = await settleRollover(parts, account)
  const client = await clientFor(parts.config, key, account.url)
  if (account.url !== null) return client
  await client.createAccount({ termsOfServiceAgreed: true, ...contactOf(parts.config) })
  await parts.store.acme.updateAccount(directory, { url: client.getAccountUrl() })
  return client
}

/** A new key for the account; the old one is worth nothing afterwards. */
export async function changeAccountKey(parts: ServerParts, directory: string, session: AcmeSession): Promise<void> {
  const { store, sealing, onStep } = parts
  const next = await createAccountKey()
  const sealed = sealing.seal(next)
  await store.acme.updateAccount(directory, { next_key: sealed })
  onStep?.('between:rollover')
  await session.changeKey(next)
  onStep?.('after:rollover')
  await store.acme.updateAccount(directory, { key: sealed, next_key: null })
}

async function ensureAccount({ store, sealing }: ServerParts, directory: string) {
  const known = await store.acme.findAccount(directory)
  if (known !== undefined) return known
  await store.acme.addAccount(directory, sealing.seal(await createAccountKey()))
  const made = await store.acme.findAccount(directory)
  if (made === undefined) throw new Error('The ACME account was not stored')
  return made
}

async function createAccountKey(): Promise<string> {
  return (await acme.crypto.createPrivateEcdsaKey('P-256')).toString()
}

type Account = Awaited<ReturnType<typeof ensureAccount>>

/** A change of keys that was cut short: the server knows which one counts (RFC 8555, 7.3.1: onlyReturnExisting). */
async function settleRollover({ store, sealing, config }: ServerParts, account: Account): Promise<string> {
  if (account.next_key === null) return sealing.open(account.key)
  const next = sealing.open(account.next_key)
  const changed = await (await clientFor(config, next, null)).createAccount({ onlyReturnExisting: true }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof AcmeProblem && error.type === 'accountDoesNotExist') return false
      throw error
    },
  )
  const change = changed ? { key: account.next_key, next_key: null } : { next_key: null }
  await store.acme.updateAccount(account.directory, change)
  return changed ? next : sealing.open(account.key)
}

async function clientFor(config: Config, key: string, accountUrl: string | null): Promise<acme.Client> {
  const kid = config['acme-eab-kid']
  const hmacKey = await readConfigured(config['acme-eab-hmac-file'], 'acme-eab-hmac-file')
  return new acme.Client({
    directoryUrl: config['acme-directory'],
    accountKey: key,
    ...(accountUrl === null ? {} : { accountUrl }),
    ...(kid === '' || hmacKey === undefined ? {} : { externalAccountBinding: { kid, hmacKey: hmacKey.trim() } }),
  })
}

function contactOf(config: Config): { contact?: string[] } {
  return config['acme-email'] === '' ? {} : { contact: [`mailto:${config['acme-email']}`] }
}

/** @throws HostingError invalid-config */
export async function readConfigured(path: string, key: string): Promise<string | undefined> {
  if (path === '') return undefined
  const text = await absentAsUndefined(readFile(path, 'utf8'))
  if (text !== undefined) return text
  throw new HostingError('invalid-config', `${key} names ${path}, and there is no such file`, {
    hint: `Correct the path, or leave ${key} out.`,
  })
}
