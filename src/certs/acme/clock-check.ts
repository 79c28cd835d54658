// Whether this server's clock can be right, by that of the CA: with a wrong one certificates seem to have ended that have not, and those that
// end seem to go on. Pure.
import { AcmeUnreachable } from './problem.ts'

/** More than any delay; less than a wrong time zone makes. */
const mostMs = 30 * 60_000

/** @param date header of an answer (RFC 9110, 6.6.1). What is no date says nothing. @throws AcmeUnreachable */
export function checkClock(date: string | undefined, now: Date): void {
  const theirs = Date.parse(date ?? '')
  if (Number.isNaN(theirs) || Math.abs(theirs - now.getTime()) <= mostMs) return
  throw new AcmeUnreachable(
    `The clock of this server says ${shown(now)}, the certificate authority's ${shown(new Date(theirs))}: set it right (timedatectl set-ntp true)`,
  )
}

/** `2026-01-02 03:04 UTC` */
export function shown(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
