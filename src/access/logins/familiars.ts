// Where accounts have come from with the right password: who guesses from elsewhere can't lock them out there. In memory, bounded.
import type { Clock } from '../../lib/clock.ts'
import { sourceOf } from './source.ts'

const rememberedForMs = 30 * 24 * 3_600_000
const most = 10_000

export class Familiars {
  readonly #clock: Clock
  /** The one that was seen longest ago first. */
  readonly #seenAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(name: string, address: string): boolean {
    const seenAt = this.#seenAt.get(keyOf(name, address))
    return seenAt !== undefined && this.#clock.now().getTime() - seenAt < rememberedForMs
  }

  add(name: string, address: string): void {
    const key = keyOf(name, address)
    this.#seenAt.delete(key)
    const [oldest] = this.#seenAt.keys()
    if (this.#seenAt.size >= most && oldest !== undefined) this.#seenAt.delete(oldest)
    this.#seenAt.set(key, this.#clock.now().getTime())
  }
}

function keyOf(name: string, address: string): string {
  return `${name} ${sourceOf(address)}`
}
