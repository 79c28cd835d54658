// When a certificate is to be renewed: at a share of its lifetime, or in the window that its CA names (RFC 9773). Pure.
import { fractionOf } from './chance.ts'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

interface Validity {
  readonly id: string
  readonly notBefore: Date
  readonly notAfter: Date
}

export interface RenewalWindow {
  readonly start: Date
  readonly end: Date
}

/** What lives no longer is renewed at half of its life: a third of six days would leave a week-end's trouble no time. */
const shortLivedMs = 10 * dayMs
/** Renewals of what was ordered in one hour are spread over this share of the lifetime: nine days of ninety, at any time of the day. */
const spread = 0.1

/** A time between 57 and 67 % of the lifetime (40 and 50 % of short-lived ones), the same for the same certificate. */
export function renewalTime({ id, notBefore, notAfter }: Validity): Date {
  const lifetimeMs = notAfter.getTime() - notBefore.getTime()
  const latest = lifetimeMs <= shortLivedMs ? 1 / 2 : 2 / 3
  return new Date(notBefore.getTime() + lifetimeMs * (latest - spread * fractionOf(id)))
}

/** A time of the CA's window (RFC 9773, 4.2: chosen evenly), but never so late that the certificate ends before. */
export function timeInWindow({ start, end }: RenewalWindow, certificate: Validity): Date {
  const width = Math.max(0, end.getTime() - start.getTime())
  const chosen = start.getTime() + width * fractionOf(certificate.id)
  return new Date(Math.min(chosen, lastMoment(certificate)))
}

/** A tenth of the lifetime before the end. */
function lastMoment({ notBefore, notAfter }: Validity): number {
  return notAfter.getTime() - (notAfter.getTime() - notBefore.getTime()) / 10
}

/** How long to wait until the CA is asked for its window again: as it says, within an hour and a day. */
export function nextWindowQuestionMs(retryAfterMs: number | undefined): number {
  return Math.min(Math.max(retryAfterMs ?? 6 * hourMs, hourMs), dayMs)
}
