// The beat of a loop that ends with a signal.
import type { Clock } from '../lib/clock.ts'

/** Sleeps; true when the time has passed, false when the signal ended it. */
export async function hasPaused(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  await clock.sleep(ms, signal).catch(() => undefined)
  return !signal.aborted
}
