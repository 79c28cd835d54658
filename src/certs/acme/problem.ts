// What an ACME server or the way to it may answer instead of doing what was asked (RFC 8555, 6.7), with the time it wants to be left alone.
import { z } from 'zod'

export interface ProblemDetails {
  /** `rateLimited`, without its URN. Empty: the server named none. */
  readonly type: string
  readonly status: number
  readonly detail: string
  readonly retryAfterMs?: number | undefined
  /** Names that the CA holds responsible (RFC 8555, 6.7.1). */
  readonly names?: readonly string[]
}

/** The server refused. */
export class AcmeProblem extends Error {
  override readonly name = 'AcmeProblem'
  readonly type: string
  readonly status: number
  readonly retryAfterMs: number | undefined
  readonly names: readonly string[]

  constructor({ type, status, detail, retryAfterMs, names = [] }: ProblemDetails) {
    super(detail)
    this.type = type
    this.status = status
    this.retryAfterMs = retryAfterMs
    this.names = names
  }
}

/** It did not answer, not in time, or with something that is no ACME. */
export class AcmeUnreachable extends Error {
  override readonly name = 'AcmeUnreachable'
}

const urn = 'urn:ietf:params:acme:error:'

/** Anything may come: what is not as it should be is taken for absent. */
const bodySchema = z.looseObject({
  type: z.string().catch(''),
  detail: z.string().catch(''),
  subproblems: z.array(z.looseObject({ identifier: z.object({ value: z.string() }) })).catch([]),
})
const nothing = { type: '', detail: '', subproblems: [] }

/** @param body as parsed from JSON, or a text */
export function problemFrom(status: number, body: unknown, retryAfterMs?: number): AcmeProblem {
  const read = bodySchema.safeParse(body)
  const { type, detail, subproblems } = read.success ? read.data : nothing
  return new AcmeProblem({
    status,
    type: type.startsWith(urn) ? type.slice(urn.length) : '',
    detail: oneLine(detail === '' ? `HTTP status ${status}` : detail),
    retryAfterMs,
    names: subproblems.map(({ identifier }) => identifier.value),
  })
}

/** Of a server's words only so much is shown to people. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300)
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined || header === '') return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime()
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}
