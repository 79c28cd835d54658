// Wrong passwords for one account: the first few cost nothing, then each answer takes longer, then the account is closed to passwords for
// a while, longer each time. Counted for names that nobody has, too, or the answers would tell which exist. Memory is bounded.
import type { Clock } from '../../lib/clock.ts'

const freeFailures = 3
const firstDelayMs = 250
const longestDelayMs = 4000
/** So many in a row close the account for a minute; each one more for twice as long. */
const failuresToBlock = 10
const firstBlockMs = 60_000
const longestBlockMs = 3_600_000
/** After so long without a wrong password all is forgotten. */
export const forgottenAfterMs = 24 * 3_600_000

export interface Failures {
  readonly failures: number
  readonly lastAt: number
  readonly blockedUntil: number
}

export class AccountBlocks {
  readonly #clock: Clock
  readonly #most: number
  /** The one that failed longest ago first. */
  readonly #known = new Map<string, Failures>()

  constructor(clock: Clock, { most = 10_000 }: { most?: number } = {}) {
    this.#clock = clock
    this.#most = most
  }

  blockedForMs(subject: string): number {
    return Math.max(0, this.#of(subject).blockedUntil - this.#now())
  }

  failed(subject: string): Failures {
    const failures = this.#of(subject).failures + 1
    const blockedUntil = failures < failuresToBlock ? 0 : this.#now() + blockMs(failures)
    const counted = { failures, lastAt: this.#now(), blockedUntil }
    this.restore(subject, counted)
    return counted
  }

  /** What was known before a restart. */
  restore(subject: string, failures: Failures): void {
    this.#known.delete(subject)
    const [oldest] = this.#known.keys()
    if (this.#known.size >= this.#most && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(subject, failures)
  }

  /** @returns whether there was something to forget */
  forget(subject: string): boolean {
    return this.#known.delete(subject)
  }

  subjects(): string[] {
    return [...this.#known.keys()]
  }

  #of(subject: string): Failures {
    const known = this.#known.get(subject)
    const isOld = known !== undefined && this.#now() - known.lastAt > forgottenAfterMs
    return known === undefined || isOld ? { failures: 0, lastAt: 0, blockedUntil: 0 } : known
  }

  #now(): number {
    return this.#clock.now().getTime()
  }
}

/** How long the answer to the nth wrong password is held back. */
export function delayMs(failures: number): number {
  if (failures <= freeFailures) return 0
  return Math.min(firstDelayMs * 2 ** (failures - freeFailures - 1), longestDelayMs)
}

function blockMs(failures: number): number {
  return Math.min(firstBlockMs * 2 ** Math.min(failures - failuresToBlock, 10), longestBlockMs)
}
