// Who waits for which site: any number of requests for a site are one wake, few wakes run at once, and nobody waits for ever.
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { WakeOutcome, Waker } from './types.ts'

/** Enough that some sites which take their whole time limit to fail don't keep the others waiting. */
const mostAtOnce = 32
/** A site that can't start isn't tried again with every request. */
const failureHoldMs = 2000

export interface WakeQueue {
  /** Requests that wait. */
  readonly waiting: number
  /** The outcome for a site; `starting` when it isn't known in time (the wake goes on). */
  wake(site: string): Promise<WakeOutcome>
}

interface WakeQueueParts {
  readonly waker: Waker
  readonly log: Log
  readonly clock: Clock
  readonly timeoutMs: number
}

export function createWakeQueue({ waker, log, clock, timeoutMs }: WakeQueueParts): WakeQueue {
  const wakes = new Map<string, Promise<WakeOutcome>>()
  const run = createGate(mostAtOnce)
  let waiting = 0

  const wakeOnce = (site: string) => {
    const known = wakes.get(site)
    if (known !== undefined) return known
    const wake = run(() => waker.wake(site)).catch((error: unknown): WakeOutcome => {
      log.error({ err: error, site }, 'waking a site failed')
      return { kind: 'failed' }
    })
    wakes.set(site, wake)
    void wake.then(async ({ kind }) => {
      if (kind === 'failed') await clock.sleep(failureHoldMs)
      wakes.delete(site)
    })
    return wake
  }

  return {
    get waiting() {
      return waiting
    },
    async wake(site) {
      waiting += 1
      try {
        return await withinTime(wakeOnce(site), { clock, timeoutMs })
      } finally {
        waiting -= 1
      }
    },
  }
}

async function withinTime(
  wake: Promise<WakeOutcome>,
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
): Promise<WakeOutcome> {
  const done = new AbortController()
  const late = clock.sleep(timeoutMs, done.signal).then((): WakeOutcome => ({ kind: 'starting' }))
  // Once the wake has won, the sleep ends by the abort.
  late.catch(() => undefined)
  try {
    return await Promise.race([wake, late])
  } finally {
    done.abort()
  }
}

/** Lets `limit` tasks run at once; the others wait their turn. */
function createGate(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  const queue: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => queue.push(resolve))
    else running += 1
    try {
      return await task()
    } finally {
      const next = queue.shift()
      // The place goes straight to who is next, so that nobody can slip in between.
      if (next === undefined) running -= 1
      else next()
    }
  }
}
