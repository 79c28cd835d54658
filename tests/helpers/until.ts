// Waiting for what another process does: asks again and again, and names what did not come.
import { setTimeout as delay } from 'node:timers/promises'

/** Resolves with the first answer that is neither undefined nor false. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 30_000,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`)
    await delay(15)
  }
}
