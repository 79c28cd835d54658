// The way out: the mail server that the configuration names, reached by TLS and, where it asks for it, with a password. For the
// mail of sites and for the platform's own. Nothing is kept here: a mail is with the relay, or whoever sent it is told why not.
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { SMTPTransportOptions } from 'nodemailer/lib/smtp-transport'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Log } from '../../lib/log.ts'
import { Refusal } from './refusal.ts'
import { relayRefusal } from './relay-refusal.ts'

export interface Outgoing {
  /** Of the envelope. */
  readonly sender: string
  readonly recipients: readonly string[]
  /** Header and body, complete. Destroyed on its way, nothing of it is sent; by a Refusal, that is thrown. */
  readonly message: Readable
  /** A Refusal as its reason is thrown. */
  readonly signal: AbortSignal
}

export interface Relay {
  /** @returns the recipients that the relay did not take, if it took others. @throws Refusal when it took none */
  send(outgoing: Outgoing): Promise<readonly string[]>
}

const connectMs = 10_000
const silenceMs = 20_000

/** @returns undefined when the configuration names none. @throws HostingError invalid-config when a file of it can't be read */
export async function createRelay(config: Config, log: Log): Promise<Relay | undefined> {
  if (config['mail-relay'] === '') return undefined
  const options = await transportOptions(config)
  return {
    async send({ sender, recipients, message, signal }) {
      // Loaded when first needed: most platforms start long before somebody writes a mail.
      const { createTransport } = await import('nodemailer')
      const transport = createTransport(options)
      const envelope = { from: sender, to: [...recipients] }
      try {
        const { rejected } = await transport.sendMail({ envelope, raw: message, signal })
        return rejected
      } catch (error) {
        throw ownRefusal({ message, signal }) ?? relayRefusal(error, log)
      }
    },
  }
}

/** Why it was ended from this side, if it was. */
function ownRefusal({ message, signal }: Pick<Outgoing, 'message' | 'signal'>): Refusal | undefined {
  const reason: unknown = signal.aborted ? signal.reason : message.errored
  return reason instanceof Refusal ? reason : undefined
}

async function transportOptions(config: Config): Promise<SMTPTransportOptions> {
  const { protocol, hostname, port } = new URL(config['mail-relay'].toLowerCase())
  const secure = protocol === 'smtps:'
  const verified = config['mail-tls']
  const ca = config['mail-ca'] === '' ? {} : { ca: await readSetting(config, 'mail-ca') }
  const user = config['mail-user']
  return {
    host: hostname,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: verified && !secure,
    tls: { rejectUnauthorized: verified, ...ca },
    ...(user === '' ? {} : { auth: { user, pass: await readSetting(config, 'mail-password-file') }, forceAuth: true }),
    ...{ connectionTimeout: connectMs, greetingTimeout: connectMs, dnsTimeout: connectMs, socketTimeout: silenceMs },
    ...{ name: config['base-domain'], disableFileAccess: true, disableUrlAccess: true },
  }
}

async function readSetting(config: Config, key: 'mail-password-file' | 'mail-ca'): Promise<string> {
  try {
    return (await readFile(config[key], 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    throw new HostingError('invalid-config', `${key} names ${config[key] || 'no file'}, which can't be read`, {
      hint: 'docs/mail.md says what a relay needs.',
      cause,
    })
  }
}
