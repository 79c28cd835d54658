// Right passwords, for a minute after their hash was computed: Git over HTTPS sends one with each request, and what one push needs is not to
// be paid for three times. Kept as an HMAC under a key of this process; bound to the stored hash, so that a changed password is not among
// them, and to where it came from. In memory, bounded.
import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { sourceOf } from './source.ts'

const holdsForMs = 60_000
const most = 1000

export interface Proven {
  /** As it is stored, salt and all. */
  readonly hash: string
  readonly password: string
  readonly address: string
}

export class Verified {
  readonly #clock: Clock
  readonly #key = randomBytes(32)
  /** The oldest first. */
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(proven: Proven): boolean {
    return (this.#until.get(this.#markOf(proven)) ?? 0) > this.#now()
  }

  /** From now on for a minute, however often it is asked for meanwhile. */
  add(proven: Proven): void {
    const mark = this.#markOf(proven)
    this.#until.delete(mark)
    for (const [old, until] of this.#until) {
      if (until > this.#now() && this.#until.size < most) break
      this.#until.delete(old)
    }
    this.#until.set(mark, this.#now() + holdsForMs)
  }

  #markOf({ hash, password, address }: Proven): string {
    const text = JSON.stringify([hash, sourceOf(address), password])
    return createHmac('sha256', this.#key).update(text).digest('base64url')
  }

  #now(): number {
    return this.#clock.now().getTime()
  }
}
