// Makes log lines of Docker's frames. With timestamps=1 every frame starts with one, also each part of a line over 16 kB.
import type { LogLine } from '../runtime.ts'
import { createDemultiplexer, type Frame } from './frames.ts'
import { createLineJoiner } from '../../lib/lines.ts'

export interface LogParser {
  push(chunk: Buffer): LogLine[]
  /** Lines that had no end when the log stopped. */
  end(): LogLine[]
}

export function createLogParser(): LogParser {
  const demultiplex = createDemultiplexer()
  const sources = { stdout: createSource('stdout'), stderr: createSource('stderr') }
  return {
    push: (chunk) => demultiplex(chunk).flatMap((frame) => sources[frame.stream].push(frame)),
    end: () => [...sources.stdout.end(), ...sources.stderr.end()],
  }
}

function createSource(stream: LogLine['stream']) {
  const joiner = createLineJoiner()
  /** When the line that is not finished yet began. */
  let began: Date | undefined

  return {
    push({ payload }: Frame): LogLine[] {
      const { time, text } = splitTimestamp(payload)
      const first = began ?? time
      const lines = joiner.push(text).map((line, index) => ({ stream, time: index === 0 ? first : time, text: line }))
      if (text.at(-1) === 0x0a) began = undefined
      else began = lines.length === 0 ? first : time
      return lines
    },
    end: (): LogLine[] => joiner.end().map((text) => ({ stream, time: began ?? new Date(0), text })),
  }
}

/** "2026-01-02T03:04:05.123456789Z text": RFC 3339 with nanoseconds, of which a Date keeps milliseconds. */
function splitTimestamp(payload: Buffer): { time: Date; text: Buffer } {
  const space = payload.subarray(0, 40).indexOf(0x20)
  const time = new Date(payload.toString('latin1', 0, Math.max(space, 0)))
  if (Number.isNaN(time.getTime())) return { time: new Date(0), text: payload }
  return { time, text: payload.subarray(space + 1) }
}
