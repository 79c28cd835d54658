// When owners are told that a certificate which nobody renews for them ends.
const dayMs = 86_400_000
/** In days. Each is warned of once. */
export const warningDays = [30, 14, 3] as const
export const firstWarningDays = warningDays[0]

/** Whole days that are left; below 0 once it has ended. */
export function daysUntil(time: Date, now: Date): number {
  return Math.floor((time.getTime() - now.getTime()) / dayMs)
}

/** The threshold that was passed last, or undefined while there is time. */
export function dueWarning(notAfter: Date, now: Date): (typeof warningDays)[number] | undefined {
  const left = (notAfter.getTime() - now.getTime()) / dayMs
  return warningDays.toReversed().find((days) => left <= days)
}

/** Ends a sentence about a certificate. */
export function renderEnd(notAfter: Date, now: Date): string {
  const days = daysUntil(notAfter, now)
  if (days < 0) return `has expired on ${notAfter.toISOString().slice(0, 10)}`
  return days === 0 ? 'expires within a day' : `expires in ${days} day${days === 1 ? '' : 's'}`
}
