// Mail of the platform itself to its people: short, plain text, by the relay that sites use.
import type { Config } from '../../config/load.ts'
import type { Relay } from './relay.ts'

export interface PlatformMail {
  /** A mail address. */
  readonly to: string
  readonly subject: string
  readonly lines: readonly string[]
}

/** @returns 'no-relay' when the configuration names none: nothing was sent. @throws Refusal when the relay does not take it */
export type WriteMail = (mail: PlatformMail) => Promise<'sent' | 'no-relay'>

const sendingMs = 60_000

export function createPlatformMail(config: Config, relay: Relay | undefined): WriteMail {
  const sender = config['mail-from'] === '' ? `hosting@${config['base-domain']}` : config['mail-from']
  return async ({ to, subject, lines }) => {
    if (relay === undefined) return 'no-relay'
    const { default: MailComposer } = await import('nodemailer/lib/mail-composer/index.js')
    // RFC 3834, 5: no vacation message is to answer it.
    const headers = { 'Auto-Submitted': 'auto-generated' }
    const composer = new MailComposer({
      from: sender,
      to: { name: '', address: to },
      subject,
      headers,
      text: `${lines.join('\r\n')}\r\n`,
    })
    const message = composer.compile().createReadStream()
    await relay.send({ sender, recipients: [to], message, signal: AbortSignal.timeout(sendingMs) })
    return 'sent'
  }
}
