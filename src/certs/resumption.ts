// Start and end of the background part: what the last run left is finished or taken back, and what time leaves behind is swept up.
import { pause } from '../lib/pause.ts'
import type { Background } from './background.ts'
import type { CertParts } from './parts.ts'
import { hourMs } from './plan/renewal.ts'
import { removeAddresses, restoreServed, sweep } from './sweep.ts'

export interface Resumption {
  start(): Promise<void>
  stop(): Promise<void>
  /** A name has gone. */
  sweepSoon(): void
}

const firstSweepMs = 60_000

export function createResumption(parts: CertParts, background: Background): Resumption {
  const controller = new AbortController()
  const { signal } = controller
  let sweeping: Promise<void> | undefined
  const trySweep = () =>
    sweep({ ...parts, signal }).catch((error: unknown) => {
      if (!signal.aborted) parts.log.error({ err: error }, 'certificates: sweeping failed')
    })
  const sweepNowAndThen = async () => {
    await pause(parts.clock, firstSweepMs, signal)
    while (!signal.aborted) {
      await trySweep()
      await pause(parts.clock, hourMs, signal)
    }
  }
  const soon = new Set<Promise<void>>()
  const tryRemoval = () =>
    removeAddresses({ ...parts, signal }).catch((error: unknown) => {
      if (!signal.aborted) parts.log.error({ err: error }, 'certificates: removing addresses failed')
    })
  return {
    async start() {
      await restoreServed(parts)
      for (const { name, site_id } of await parts.store.wantedNames.missing())
        await parts.store.wantedNames.add(name, site_id)
      for (const row of await parts.store.acme.orders()) background.resume(row)
      background.start()
      sweeping = sweepNowAndThen()
    },
    sweepSoon() {
      const task = tryRemoval().finally(() => soon.delete(task))
      soon.add(task)
    },
    async stop() {
      controller.abort(new Error('the platform is being stopped'))
      await background.stop()
      await Promise.all([sweeping, ...soon])
    },
  }
}
