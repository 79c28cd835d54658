// What one site may send, and what its log says about it.
import { pipeline } from 'node:stream/promises'
import type { Config } from '../../config/load.ts'
import type { Clock } from '../../lib/clock.ts'
import { createId } from '../../lib/id.ts'
import type { Site } from '../../store/sites.ts'
import { envelopeSender, shownAddresses } from './addresses.ts'
import { createAllowance } from './allowance.ts'
import { MessageStream } from './message-stream.ts'
import { createNotes } from './notes.ts'
import type { Correspondent, Letter } from './receiver.ts'
import { Refusal } from './refusal.ts'
import type { Relay } from './relay.ts'

export interface CorrespondentParts {
  readonly config: Config
  readonly clock: Clock
  /** Undefined: the configuration names none. */
  readonly relay: Relay | undefined
  /** Writes a line of the site's log. */
  readonly write: (text: string) => void
}

/** Beyond this the application has given up long since. */
const sendingMs = 60_000

export function createCorrespondent(site: Pick<Site, 'id' | 'name'>, parts: CorrespondentParts): Correspondent {
  const { config, clock, relay, write } = parts
  const notes = createNotes(write, clock)
  const perHour = config['mail-per-hour']
  const allowance = createAllowance({ perHour, burst: perHour }, clock)
  const sender = envelopeSender(site, config)
  const most = Math.min(config['mail-max-recipients'], perHour)

  const refuse = (kind: string, refusal: Refusal) => {
    notes.sayOnce(kind, `not sent: ${withoutCode(refusal)}`)
    return refusal
  }

  async function send(relay: Relay, { recipients, message: received, signal }: Letter): Promise<string> {
    const origin = { site: site.name, sender, date: clock.now(), messageId: `${createId()}@${config['base-domain']}` }
    const message = new MessageStream(origin, config['mail-max-mb'] * 1024 * 1024)
    // Ended by either side; why is told by what is sent, or by the signal.
    const passing = pipeline(received, message).catch(() => undefined)
    try {
      const ended = AbortSignal.any([signal, AbortSignal.timeout(sendingMs)])
      const refused = await relay.send({ sender, recipients, message, signal: ended })
      const but = refused.length === 0 ? '' : `; the relay refused ${shownAddresses(refused)}`
      notes.say(`sent to ${shownAddresses(recipients)}${but} ${message.messageId}`)
      return `2.0.0 Sent ${message.messageId}`
    } finally {
      message.destroy()
      await passing
    }
  }

  return {
    begin() {
      if (relay === undefined) return refuse('no-relay', noRelay())
      return perHour === 0 ? refuse('no-mail', new Refusal(550, '5.7.1 This site may not send mail')) : undefined
    },
    addRecipient(count) {
      if (count <= most) return undefined
      return refuse('recipients', new Refusal(452, `4.5.3 A mail may have ${most} recipients at most`))
    },
    async deliver(letter) {
      const { recipients } = letter
      if (relay === undefined) throw noRelay()
      const waitSeconds = allowance.take(recipients.length)
      if (waitSeconds > 0) throw refuse('rate', overRate(perHour, waitSeconds))
      try {
        return await send(relay, letter)
      } catch (error) {
        const refusal = error instanceof Refusal ? error : new Refusal(451, '4.3.0 Internal error')
        notes.sayOnce(refusal.message, `not sent to ${shownAddresses(recipients)}: ${withoutCode(refusal)}`)
        throw error
      }
    },
  }
}

function noRelay(): Refusal {
  return new Refusal(
    550,
    '5.3.5 This server has no mail relay yet: its administrator has to set mail-relay (docs/mail.md)',
  )
}

function overRate(perHour: number, waitSeconds: number): Refusal {
  return new Refusal(452, `4.7.1 More than ${perHour} recipients in an hour; again in ${waitSeconds} s`)
}

/** The enhanced status code (RFC 3463) is for programs. */
function withoutCode({ message }: Refusal): string {
  return message.replace(/^\d\.\d+\.\d+ /, '')
}
