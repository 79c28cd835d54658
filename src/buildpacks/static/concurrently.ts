// Many small file operations, a few at a time: enough to keep the disk busy, few enough to leave threads to the rest of the daemon.

/** The first failure ends the whole; what is under way then is waited for. */
export async function forEachConcurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  action: (item: T) => Promise<void>,
  limit = 16,
): Promise<void> {
  const running = new Set<Promise<void>>()
  try {
    for await (const item of items) {
      const task = action(item).then(() => void running.delete(task))
      task.catch(() => undefined)
      running.add(task)
      if (running.size >= limit) await Promise.race(running)
    }
    await Promise.all(running)
  } finally {
    await Promise.allSettled(running)
  }
}
