// One ACME server and our account there: what issue.ts asks of it. Layered: transport.ts → acme-client's endpoints → session.ts → here.
import type acme from 'acme-client'
import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { changeAccountKey, logIn, readConfigured, type ServerParts } from './account.ts'
import { createGate } from './gate.ts'
import type { AcmeProblem } from './problem.ts'
import { type AcmeSession, createSession } from './session.ts'
import { getJson, type Transport, withTransport } from './transport.ts'

export interface AcmeServer {
  readonly directory: string
  /** How CAA records name it (RFC 8659). */
  identities(signal: AbortSignal): Promise<readonly string[]>
  /** Where renewal information is asked for (RFC 9773). Undefined: it has none. */
  renewalInfoUrl(signal: AbortSignal): Promise<string | undefined>
  getJson(url: string, signal: AbortSignal): Promise<{ body: unknown; retryAfterMs: number | undefined }>
  /** Logged in; the account is made at the first time. */
  session(signal: AbortSignal): Promise<AcmeSession>
  /** Gives our account a new key. Orders under way wait meanwhile, and go on with it. */
  rollOver(signal: AbortSignal): Promise<void>
}

/** An answer of theirs that takes longer is none. */
const timeoutMs = 30_000
const directoryLifeMs = 86_400_000

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
  const transport = async (signal: AbortSignal): Promise<Transport> => {
    const ca = await readConfigured(config['acme-ca-file'], 'acme-ca-file')
    return { signal, ca, timeoutMs, now: () => clock.now() }
  }
  let known: { directory: z.infer<typeof directorySchema>; at: number } | undefined
  const directory = async (signal: AbortSignal) => {
    const now = clock.now().getTime()
    if (known !== undefined && Math.abs(now - known.at) < directoryLifeMs) return known.directory
    const read = directorySchema.safeParse(await getJson(await transport(signal), url))
    if (!read.success) throw notAcme(url)
    known = { directory: read.data, at: now }
    return read.data
  }
  const { session, rollOver } = accountOf(parts, { url, transport, directory })
  return {
    directory: url,
    identities: async (signal) => (await directory(signal)).meta?.caaIdentities ?? [],
    renewalInfoUrl: async (signal) => (await directory(signal)).renewalInfo,
    async getJson(asked, signal) {
      const used = await transport(signal)
      return { body: await getJson(used, asked), retryAfterMs: used.retryAfterMs }
    },
    session,
    rollOver,
  }
}

interface Way {
  readonly url: string
  readonly transport: (signal: AbortSignal) => Promise<Transport>
  /** @throws what stands in the way of the server */
  readonly directory: (signal: AbortSignal) => Promise<unknown>
}

/** Logs in once, and again when the server has refused something: it may know our account no more, or another key of it. */
function accountOf(parts: ServerParts, { url, transport, directory }: Way): Pick<AcmeServer, 'session' | 'rollOver'> {
  const gate = createGate()
  let account: Promise<acme.Client> | undefined
  /** The server knows our account no more: it is made again, with the key that there is. */
  let lost = false
  const forget = ({ type }: AcmeProblem) => {
    account = undefined
    lost ||= type === 'accountDoesNotExist'
  }
  const open = async (signal: AbortSignal, turn: <T>(work: () => Promise<T>) => Promise<T>) => {
    const used = await transport(signal)
    await directory(signal)
    if (lost) await parts.store.acme.updateAccount(url, { url: null })
    lost = false
    account ??= withTransport(used, () => logIn(parts, url))
    try {
      return createSession({ client: await account, transport: used, clock: parts.clock, forget, turn })
    } catch (error) {
      account = undefined
      throw error
    }
  }
  return {
    session: (signal) => open(signal, gate.together),
    rollOver: (signal) =>
      gate.alone(async () => {
        const session = await open(signal, (work) => work())
        try {
          await changeAccountKey(parts, url, session)
        } catch (error) {
          // Which key counts is found out at the next login.
          account = undefined
          throw error
        }
      }),
  }
}

function notAcme(url: string): HostingError {
  return new HostingError('unavailable', `${url} is no directory of an ACME server`, {
    hint: "Set acme-directory to your certificate authority's, for example https://acme-v02.api.letsencrypt.org/directory",
  })
}
