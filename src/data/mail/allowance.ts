// How much may still be done: a bucket that fills again by the hour. In memory only: a restart of the platform fills it.
import type { Clock } from '../../lib/clock.ts'

const hourMs = 3_600_000

export interface Allowance {
  /** Takes all or nothing. @returns the seconds to wait for as much; 0: it was taken; Infinity: it never fits */
  take(count: number): number
}

export function createAllowance({ perHour, burst }: { perHour: number; burst: number }, clock: Clock): Allowance {
  let left = burst
  let filledAt = clock.now().getTime()
  return {
    take(count) {
      const now = clock.now().getTime()
      left = Math.min(burst, left + (Math.max(0, now - filledAt) / hourMs) * perHour)
      filledAt = now
      if (count > burst) return Number.POSITIVE_INFINITY
      if (count > left) return Math.ceil(((count - left) / perHour) * 3600)
      left -= count
      return 0
    },
  }
}
