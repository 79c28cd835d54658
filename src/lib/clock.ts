// Time is passed in, so that tests can move it.

export interface Clock {
  now(): Date
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

import { setTimeout as delay } from 'node:timers/promises'

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
}
