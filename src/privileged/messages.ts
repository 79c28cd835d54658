// One question and one answer a connection, each a line of JSON; a jail's connection hears of its end, too (jail/serve.ts). What comes is checked by the verb's schema before anything is done with it.
import { z } from 'zod'
import { catalogue, type ErrorCode } from '../errors/catalogue.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { verbNames } from './verbs.ts'

/** 10,000 names of sites are less than a tenth of that. */
export const maxMessageBytes = 8 * 1024 * 1024

const codes = z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(catalogue, code))
/** Of what is more than a question and an answer. */
export const jailVerbs = ['stream', 'jail'] as const
export const questionSchema = z.strictObject({ verb: z.enum([...verbNames, ...jailVerbs]), takes: z.unknown() })
export const answerSchema = z.union([
  z.strictObject({ gives: z.unknown() }),
  z.strictObject({
    error: z.strictObject({
      code: codes,
      message: z.string(),
      hint: z.string().optional(),
      details: z.array(z.string()),
    }),
  }),
])
export type Question = z.infer<typeof questionSchema>
export type AnswerMessage = z.infer<typeof answerSchema>

export function renderMessage(message: Question | AnswerMessage): string {
  return `${JSON.stringify(message)}\n`
}

export function describeError({ code, message, hint, details }: HostingError): AnswerMessage {
  return { error: { code, message, details: [...details], ...(hint === undefined ? {} : { hint }) } }
}

export function errorFrom({ error }: Extract<AnswerMessage, { error: unknown }>): HostingError {
  const { code, message, hint, details } = error
  return new HostingError(code, message, { details, ...(hint === undefined ? {} : { hint }) })
}

/** Reads one line. @throws Error when it is too long or does not end */
export async function readLine(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const end = chunk.indexOf(0x0a)
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end))
    size += chunk.length
    if (size > maxMessageBytes) throw new Error('the message is too long')
    if (end >= 0) return Buffer.concat(chunks).toString('utf8')
  }
  throw new Error('the connection ended before the message did')
}
