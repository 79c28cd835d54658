// Many may work side by side, or one alone: a change of the account's key lets no request be signed with the old one meanwhile.
export interface Gate {
  readonly together: <T>(work: () => Promise<T>) => Promise<T>
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
}

export function createGate(): Gate {
  const inside = new Set<Promise<unknown>>()
  let closed: Promise<unknown> | undefined
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = work()
    const settled = mine.catch(() => undefined)
    inside.add(settled)
    try {
      return await mine
    } finally {
      inside.delete(settled)
    }
  }
  return {
    async together(work) {
      while (closed !== undefined) await closed
      return await within(work)
    },
    async alone(work) {
      while (closed !== undefined) await closed
      const mine = Promise.all(inside).then(work)
      const settled = mine.catch(() => undefined)
      closed = settled
      try {
        return await mine
      } finally {
        closed = undefined
      }
    },
  }
}
