// How long to leave alone what failed: twice as long each time, not at the same moment as others, and as long as the CA asked for. Pure.
import { fractionOf } from './chance.ts'
import { dayMs, hourMs } from './renewal.ts'

export interface Failure {
  readonly key: string
  /** In a row, this one included. */
  readonly failures: number
  /** What the CA said in its Retry-After. */
  readonly retryAfterMs?: number | undefined
  readonly capMs: number
}

const firstMs = 30_000
/** A wrong record costs the CA nothing, since the doctor finds it first; and its owner is waiting. */
export const waitingCapMs = 6 * hourMs
/** Of the CA's own clock too, which may be wrong. */
const longestRetryAfterMs = 7 * dayMs

/** 30 s, 1 min, 2 min … up to the cap, each three to five quarters of it. */
export function backOffMs({ key, failures, retryAfterMs = 0, capMs }: Failure): number {
  const doubled = Math.min(firstMs * 2 ** Math.min(failures - 1, 20), capMs)
  const jittered = doubled * (0.75 + 0.5 * fractionOf(`${key} ${failures}`))
  return Math.round(Math.max(jittered, Math.min(retryAfterMs, longestRetryAfterMs)))
}

/** A short-lived certificate has no day to lose: at most a twentieth of its life, and a day. */
export function renewalCapMs(lifetimeMs: number | undefined): number {
  return Math.min(dayMs, (lifetimeMs ?? 20 * dayMs) / 20)
}
