import type { Clock } from './clock.ts'

/** A sleep for loops that look at their signal: an abort ends it early and is no error. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
