// Lets long synchronous work take turns with the rest of the daemon: file operations one by one are three times faster
// than through the thread pool, and 20,000 of them in a row would keep everybody else waiting for a quarter of a second.
import { setImmediate as nextTurn } from 'node:timers/promises'

const turnMs = 5

export interface Pace {
  /** Whether the turn is over. Cheap: to be asked before every step. */
  readonly due: () => boolean
  /** Gives the others their turn. @throws the signal's reason when it has aborted */
  readonly rest: () => Promise<void>
}

export function createPace(signal?: AbortSignal): Pace {
  let until = performance.now() + turnMs
  return {
    due: () => performance.now() >= until,
    rest: async () => {
      await nextTurn()
      signal?.throwIfAborted()
      until = performance.now() + turnMs
    },
  }
}
