import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { WakeOutcome } from '../../../src/edge/types.ts'
import { createWakeQueue } from '../../../src/edge/wake-queue.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { silentLog } from '../../../src/lib/log.ts'

/** Sleeps end when the test says so. */
function handClock() {
  const sleeping: { ms: number; end: () => void }[] = []
  const clock: Clock = {
    now: () => new Date(0),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { ms, end: resolve }
        sleeping.push(sleeper)
        signal?.addEventListener('abort', () => {
          sleeping.splice(sleeping.indexOf(sleeper), 1)
          reject(new Error('aborted'))
        })
      }),
  }
  return { clock, sleeping }
}

function queueOf(wake: (site: string) => Promise<WakeOutcome>) {
  const { clock, sleeping } = handClock()
  return { queue: createWakeQueue({ waker: { wake }, log: silentLog, clock, timeoutMs: 10_000 }), sleeping }
}

describe('the wake queue', () => {
  it('wakes a site once for all who wait, and again for who comes later', async () => {
    const calls: string[] = []
    const { queue, sleeping } = queueOf(async (site) => {
      calls.push(site)
      await delay(5)
      return { kind: 'resume' }
    })
    const outcomes = await Promise.all(['a', 'b', 'a', 'a'].map((site) => queue.wake(site)))
    expect(outcomes).toEqual(Array(4).fill({ kind: 'resume' }))
    expect(calls).toEqual(['a', 'b'])
    await queue.wake('a')
    expect(calls).toEqual(['a', 'b', 'a'])
    expect([queue.waiting, sleeping.length]).toEqual([0, 0])
  })

  it('says "starting" when it takes too long, while the wake goes on', async () => {
    const wake = Promise.withResolvers<WakeOutcome>()
    const { queue, sleeping } = queueOf(() => wake.promise)
    const waiting = queue.wake('a')
    expect([queue.waiting, sleeping[0]?.ms]).toEqual([1, 10_000])
    sleeping[0]?.end()
    expect(await waiting).toEqual({ kind: 'starting' })
    const second = queue.wake('a')
    wake.resolve({ kind: 'resume' })
    expect(await second).toEqual({ kind: 'resume' })
  })

  it('tries a site that failed again only after a while', async () => {
    let calls = 0
    const { queue, sleeping } = queueOf(() => Promise.reject(new Error(`no ${(calls += 1)}`)))
    expect(await queue.wake('a')).toEqual({ kind: 'failed' })
    expect(await queue.wake('a')).toEqual({ kind: 'failed' })
    expect(calls).toBe(1)
    sleeping.find(({ ms }) => ms === 2000)?.end()
    await delay(1)
    await queue.wake('a')
    expect(calls).toBe(2)
  })

  it('runs few wakes at once and forgets none', async () => {
    let running = 0
    let most = 0
    const { queue } = queueOf(async () => {
      most = Math.max(most, (running += 1))
      await delay(1)
      running -= 1
      return { kind: 'resume' }
    })
    const sites = Array.from({ length: 100 }, (_, index) => `s${index}`)
    expect(await Promise.all(sites.map((site) => queue.wake(site)))).toHaveLength(100)
    expect(most).toBe(32)
  })
})
