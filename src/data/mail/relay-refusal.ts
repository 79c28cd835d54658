// What a site is told of a relay that did not take its mail: what the relay said about the mail; of the rest (addresses, logins,
// certificates) only that the administrator has something to do, who finds it in the daemon's log.
import { z } from 'zod'
import type { Log } from '../../lib/log.ts'
import { Refusal } from './refusal.ts'

/** The errors of nodemailer. */
const failureSchema = z.object({
  code: z.string().optional(),
  response: z.string().optional(),
  responseCode: z.number().optional(),
})
/** About the mail itself: its recipients, its content. */
const aboutTheMail = new Set(['EENVELOPE', 'EMESSAGE'])

export function relayRefusal(error: unknown, log: Log): Refusal {
  const { code, response, responseCode } = failureSchema.safeParse(error).data ?? {}
  if (aboutTheMail.has(code ?? '') && response !== undefined && responseCode !== undefined && responseCode >= 400)
    return new Refusal(responseCode, `The relay refused it: ${response}`)
  log.error({ err: error }, 'a mail could not be handed to the relay')
  if (code === 'EAUTH') return new Refusal(451, '4.7.0 The relay refused the login of the platform')
  if (code === 'ETLS') return new Refusal(451, '4.7.5 The relay could not prove who it is')
  if (code === 'ETIMEDOUT' || isAbort(error)) return new Refusal(451, '4.4.1 The relay took too long')
  return new Refusal(451, '4.4.1 The relay could not be reached')
}

/** By the signal of whoever sent it: its time was up. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}
