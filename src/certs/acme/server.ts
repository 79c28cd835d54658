// One ACME server and our account there: what issue.ts asks of it. Layered: transport.ts → acme-client's endpoints → here.
import { readFile } from 'node:fs/promises'
import acme from 'acme-client'
import { z } from 'zod'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { absentAsUndefined } from '../../lib/files.ts'
import type { Sealing } from '../../lib/sealing.ts'
import type { Store } from '../../store/store.ts'
import type { AcmeProblem } from './problem.ts'
import { type AcmeSession, createSession } from './session.ts'
import { getJson, type Transport, withTransport } from './transport.ts'

export interface ServerParts {
  readonly config: Config
  readonly store: Pick<Store, 'acme'>
  readonly sealing: Sealing
  readonly clock: Clock
}

export interface AcmeServer {
  readonly directory: string
  /** How CAA records name it (RFC 8659). */
  identities(signal: AbortSignal): Promise<readonly string[]>
  /** Where renewal information is asked for (RFC 9773). Undefined: it has none. */
  renewalInfoUrl(signal: AbortSignal): Promise<string | undefined>
  getJson(url: string, signal: AbortSignal): Promise<{ body: unknown; retryAfterMs: number | undefined }>
  /** Logged in; the account is made at the first time. */
  session(signal: AbortSignal): Promise<AcmeSession>
}

/** An answer of theirs that takes longer is none. */
const timeoutMs = 30_000

const directorySchema = z.looseObject({
  newNonce: z.url(),
  newAccount: z.url(),
  newOrder: z.url(),
  renewalInfo: z.url().optional(),
  meta: z.looseObject({ caaIdentities: z.array(z.string()).optional() }).optional(),
})

/** Undefined where no directory is configured. */
export function createAcmeServer(parts: ServerParts): AcmeServer | undefined {
  const { config, clock } = parts
  const url = config['acme-directory']
  if (url === '') return undefined
  let ca: Promise<string | undefined> | undefined
  let known: { directory: z.infer<typeof directorySchema>; at: number } | undefined

  const transport = async (signal: AbortSignal): Promise<Transport> => {
    ca ??= readConfigured(config['acme-ca-file'], 'acme-ca-file')
    return { signal, ca: await ca, timeoutMs, now: () => clock.now() }
  }
  const directory = async (signal: AbortSignal) => {
    const now = clock.now().getTime()
    if (known !== undefined && now - known.at < 86_400_000) return known.directory
    const read = directorySchema.safeParse(await getJson(await transport(signal), url))
    if (!read.success) throw notAcme(url)
    known = { directory: read.data, at: now }
    return read.data
  }
  let account: Promise<acme.Client> | undefined
  /** The server knows our account no more: it is made again, with the key that there is. */
  let lost = false
  const forget = ({ type }: AcmeProblem) => {
    account = undefined
    lost ||= type === 'accountDoesNotExist'
  }
  return {
    directory: url,
    identities: async (signal) => (await directory(signal)).meta?.caaIdentities ?? [],
    renewalInfoUrl: async (signal) => (await directory(signal)).renewalInfo,
    async getJson(asked, signal) {
      const used = await transport(signal)
      return { body: await getJson(used, asked), retryAfterMs: used.retryAfterMs }
    },
    async session(signal) {
      const used = await transport(signal)
      await directory(signal)
      if (lost) await parts.store.acme.updateAccount(url, { url: null })
      lost = false
      account ??= withTransport(used, () => logIn(parts, url))
      try {
        const client = await account
        return createSession({ client, transport: used, clock, forget })
      } catch (error) {
        account = undefined
        throw error
      }
    },
  }
}

function notAcme(url: string): HostingError {
  return new HostingError('unavailable', `${url} is no directory of an ACME server`, {
    hint: "Set acme-directory to your certificate authority's, for example https://acme-v02.api.letsencrypt.org/directory",
  })
}

/** Whose key was being changed when the platform ended is found out first. */
async function logIn(parts: ServerParts, directory: string): Promise<acme.Client> {
  const account = await ensureAccount(parts, directory)
  const key = await settleRollover(parts, account)
  const client = await clientFor(parts.config, key, account.url)
  if (account.url !== null) return client
  await client.createAccount({ termsOfServiceAgreed: true, ...contactOf(parts.config) })
  await parts.store.acme.updateAccount(directory, { url: client.getAccountUrl() })
  return client
}

async function ensureAccount({ store, sealing }: ServerParts, directory: string) {
  const known = await store.acme.findAccount(directory)
  if (known !== undefined) return known
  const key = await acme.crypto.createPrivateEcdsaKey('P-256')
  await store.acme.addAccount(directory, sealing.seal(key.toString()))
  const made = await store.acme.findAccount(directory)
  if (made === undefined) throw new Error('The ACME account was not stored')
  return made
}

type Account = Awaited<ReturnType<typeof ensureAccount>>

/** A change of keys that was cut short: the server knows which one counts (RFC 8555, 7.3.1: onlyReturnExisting). */
async function settleRollover({ store, sealing, config }: ServerParts, account: Account): Promise<string> {
  if (account.next_key === null) return sealing.open(account.key)
  const next = sealing.open(account.next_key)
  const changed = await (await clientFor(config, next, null)).createAccount({ onlyReturnExisting: true }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'type' in error && error.type === 'accountDoesNotExist') return false
      throw error
    },
  )
  const change = changed ? { key: account.next_key, next_key: null } : { next_key: null }
  await store.acme.updateAccount(account.directory, change)
  return changed ? next : sealing.open(account.key)
}

/** A new key for the account; the old one is worth nothing afterwards. Kept before it is told, so that no crash loses it. */
export async function rollAccountKey(parts: ServerParts, server: AcmeServer, signal: AbortSignal): Promise<void> {
  const { store, sealing } = parts
  const session = await server.session(signal)
  const next = (await acme.crypto.createPrivateEcdsaKey('P-256')).toString()
  const sealed = sealing.seal(next)
  await store.acme.updateAccount(server.directory, { next_key: sealed })
  await session.changeKey(next)
  await store.acme.updateAccount(server.directory, { key: sealed, next_key: null })
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

async function readConfigured(path: string, key: string): Promise<string | undefined> {
  if (path === '') return undefined
  const text = await absentAsUndefined(readFile(path, 'utf8'))
  if (text !== undefined) return text
  throw new HostingError('invalid-config', `${key} names ${path}, and there is no such file`, {
    hint: `Correct the path, or leave ${key} out.`,
  })
}
