// The one error meant for a person. Anything else that is thrown is a defect and is shown as a reference id only.
import { randomBytes } from 'node:crypto'
import { catalogue, type ErrorCode } from './catalogue.ts'

interface ErrorDetails {
  /** The next command to type, or the thing to change. */
  readonly hint?: string
  /** Lines that help to understand: the tail of a log, the lines of a report. Shown between message and hint. */
  readonly details?: readonly string[]
  readonly cause?: unknown
}

export class HostingError extends Error {
  override readonly name = 'HostingError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: readonly string[]

  /** @param message what happened, naming the thing, as one sentence without a full stop needed */
  constructor(code: ErrorCode, message: string, { hint, details = [], cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
    this.details = details
  }

  get exitCode(): number {
    return catalogue[this.code].exitCode
  }

  get httpStatus(): number {
    return catalogue[this.code].httpStatus
  }
}

/** Turns anything thrown into an error that may be shown; `report` gets what was unexpected, with the reference id shown to the user. */
export function toHostingError(thrown: unknown, report: (reference: string, error: unknown) => void): HostingError {
  if (thrown instanceof HostingError) return thrown
  const reference = randomBytes(4).toString('hex')
  report(reference, thrown)
  return new HostingError('internal', `Something went wrong on the server (reference ${reference})`, {
    hint: 'Try again; if it stays, give the reference to whoever runs this server.',
    cause: thrown,
  })
}
