// Secrets that open something for a while. Only their hashes are kept, and only in memory: a restart ends them all.
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'

const secretBytes = 32

export class Passes<T> {
  readonly #clock: Clock
  readonly #most: number
  readonly #held = new Map<string, { readonly value: T; readonly expiresAt: number }>()

  /** @param most kept at a time: the oldest go then */
  constructor(clock: Clock, { most = Number.POSITIVE_INFINITY }: { most?: number } = {}) {
    this.#clock = clock
    this.#most = most
  }

  /** @returns the secret: 256 bits, safe in a URL and in a cookie */
  issue(value: T, lifetimeMs: number): string {
    const secret = randomBytes(secretBytes).toString('base64url')
    this.#forgetExpired()
    const [oldest] = this.#held.keys()
    if (this.#held.size >= this.#most && oldest !== undefined) this.#held.delete(oldest)
    this.#held.set(hashOf(secret), { value, expiresAt: this.#now() + lifetimeMs })
    return secret
  }

  find(secret: string): T | undefined {
    const held = this.#held.get(hashOf(secret))
    return held === undefined || held.expiresAt <= this.#now() ? undefined : held.value
  }

  /** Finds it for the last time. */
  take(secret: string): T | undefined {
    const value = this.find(secret)
    this.#held.delete(hashOf(secret))
    return value
  }

  values(): T[] {
    this.#forgetExpired()
    return [...this.#held.values()].map(({ value }) => value)
  }

  #forgetExpired(): void {
    for (const [hash, { expiresAt }] of this.#held) if (expiresAt <= this.#now()) this.#held.delete(hash)
  }

  #now(): number {
    return this.#clock.now().getTime()
  }
}

/** Looked up by hash, so that how long it takes tells nothing about secrets. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
