// Work that nobody waits for: drains, removals, warm instances. It is named, its failures are logged, and stopping waits for it or cuts it short.
import { HostingError } from '../errors/hosting-error.ts'
import type { Log } from '../lib/log.ts'

export interface Background {
  /** Aborts when the platform stops: what is left is finished at the next start. */
  readonly signal: AbortSignal
  run(name: string, work: (signal: AbortSignal) => Promise<void>): void
  /** Cuts waiting work short and resolves when all of it has ended. */
  stop(): Promise<void>
}

export function createBackground(log: Log): Background {
  const controller = new AbortController()
  const running = new Set<Promise<void>>()
  return {
    signal: controller.signal,
    run(name, work) {
      const task = work(controller.signal)
        .catch((error: unknown) => {
          if (!controller.signal.aborted) log.error({ err: error, work: name }, 'background work failed')
        })
        .finally(() => running.delete(task))
      running.add(task)
    },
    async stop() {
      controller.abort(stopping())
      await Promise.all(running)
    },
  }
}

function stopping(): HostingError {
  return new HostingError('shutting-down', 'The platform is being stopped', { hint: 'Try again when it runs again.' })
}
