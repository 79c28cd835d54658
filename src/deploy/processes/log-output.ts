// A stream for what a program prints, written to a log line by line and only as fast as the log takes it.
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Clock } from '../../lib/clock.ts'
import { createLineJoiner } from '../../lib/lines.ts'
import type { Print } from '../types.ts'
import { appendProcessLog, type ProcessLine } from './process-log.ts'

interface LogOutput {
  readonly path: string
  readonly name: string
  readonly stream: 'stdout' | 'stderr'
  readonly clock: Clock
  /** Shared by the streams of one run. */
  readonly budget: { bytes: number }
  readonly print?: Print
}

export function logOutput(output: LogOutput): Writable {
  const joiner = createLineJoiner()
  const keep = (lines: readonly string[]) => appendProcessLog(output.path, withinBudget(lines, output))
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      keep(joiner.push(chunk)).then(() => done(), done)
    },
    final(done) {
      keep(joiner.end()).then(() => done(), done)
    },
  })
}

/** Ends it and waits until all is written. A log that cannot be written is no reason to fail. */
export async function finishOutput(output: Writable): Promise<void> {
  output.end()
  await finished(output).catch(() => undefined)
}

function withinBudget(lines: readonly string[], { name, stream, clock, budget, print }: LogOutput): ProcessLine[] {
  return lines.flatMap((text): ProcessLine[] => {
    if (budget.bytes <= 0) return []
    budget.bytes -= Buffer.byteLength(text) + 1
    print?.(text)
    const line = { time: clock.now(), name, stream, text }
    if (budget.bytes > 0) return [line]
    return [line, { ...line, stream: 'event', text: 'more than 1 MB of output: the rest is left out' }]
  })
}
