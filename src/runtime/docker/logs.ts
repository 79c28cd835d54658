// What an instance printed, as Docker keeps it. Read only as fast as the lines are taken.
import type { Container } from 'dockerode'
import type { LogLine, LogQuery } from '../runtime.ts'
import { askUnless } from './engine.ts'
import { createLogParser } from './log-lines.ts'
import { untilAborted } from './until-aborted.ts'

/** Ends with the log, when the container ends (following), or by the signal; a missing container has no lines. */
export async function* readLogs(container: Container, query: LogQuery): AsyncGenerator<LogLine> {
  if (query.signal?.aborted) return
  const parser = createLogParser()
  for await (const chunk of chunks(container, query)) yield* parser.push(chunk)
  yield* parser.end()
}

async function* chunks(container: Container, query: LogQuery): AsyncGenerator<Buffer> {
  const options = { ...selection(query), stdout: true, stderr: true, timestamps: true } as const
  if (!query.follow) {
    const whole = await askUnless([404], container.logs({ ...options, follow: false }))
    if (whole !== undefined) yield whole
    return
  }
  const stream = await askUnless([404], container.logs({ ...options, follow: true }))
  if (stream !== undefined) yield* untilAborted(stream, query.signal)
}

/** Docker's `since` is in seconds and includes that instant. */
function selection({ tail, since }: LogQuery) {
  return {
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since: since.getTime() / 1000 }),
  }
}
