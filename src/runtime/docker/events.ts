// Ends of instances as Docker tells them. Never throws: a Docker that is restarted is waited for.
import { z } from 'zod'
import type { Clock } from '../../lib/clock.ts'
import type { RuntimeEvent } from '../runtime.ts'
import { ask, type Engine } from './engine.ts'
import { jsonLines } from './json-lines.ts'
import { homeLabel, instanceLabel } from './labels.ts'
import { untilAborted } from './until-aborted.ts'

const firstRetryMs = 200
const longestRetryMs = 5000

export interface EventSource {
  readonly engine: Engine
  readonly homeId: string
  readonly clock: Clock
}

export async function* watchEvents(source: EventSource, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  let retryMs = firstRetryMs
  let missed = false
  while (!signal.aborted) {
    const stream = await connect(source)
    if (stream !== undefined) {
      if (missed) yield { type: 'reconnected' }
      retryMs = firstRetryMs
      yield* exits(untilAborted(stream, signal))
    }
    missed = true
    await source.clock.sleep(retryMs, signal).catch(() => undefined)
    retryMs = Math.min(retryMs * 2, longestRetryMs)
  }
}

async function connect({ engine, homeId }: EventSource): Promise<NodeJS.ReadableStream | undefined> {
  const label = [`${homeLabel}=${homeId}`, instanceLabel]
  try {
    return await ask(engine.getEvents({ filters: { type: ['container'], event: ['die'], label } }))
  } catch {
    return undefined
  }
}

const dieSchema = z.object({
  Actor: z.object({ Attributes: z.looseObject({ [instanceLabel]: z.string(), exitCode: z.coerce.number().int() }) }),
})

async function* exits(stream: AsyncIterable<Buffer>): AsyncGenerator<RuntimeEvent> {
  for await (const event of jsonLines(stream)) {
    const died = dieSchema.safeParse(event)
    if (!died.success) continue
    const { [instanceLabel]: id, exitCode } = died.data.Actor.Attributes
    yield { type: 'exited', id, exitCode }
  }
}
