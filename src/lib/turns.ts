// Work on one thing (a site, say) one after the other, in the order in which it was asked for; on different things side by side.

export class Turns<Key> {
  readonly #last = new Map<Key, Promise<unknown>>()

  async take<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(work)
    const settled = mine.catch(() => undefined)
    this.#last.set(key, settled)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
  }
}
