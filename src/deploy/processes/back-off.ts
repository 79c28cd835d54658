// How long a worker that ended is left alone before it is started again. Pure.

const firstDelayMs = 1000
const longestDelayMs = 5 * 60_000
/** A run of this length was no failure to start: what ended it is not held against the next one. */
const longRunMs = 60_000

/** Short runs in a row, the one that has just ended included. */
export function shortRuns(before: number, ranMs: number): number {
  return ranMs >= longRunMs ? 0 : before + 1
}

export function delayAfter(inARow: number): number {
  return Math.min(firstDelayMs * 2 ** Math.max(0, inARow - 1), longestDelayMs)
}
