import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clientMessages,
  createFrameReader,
  decodeMessage,
  encodeData,
  encodeMessage,
  type Frame,
} from '../../../../src/gateway/local/frames.ts'

function framesIn(chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = []
  const read = createFrameReader((frame) => frames.push(frame))
  for (const chunk of chunks) read(chunk)
  return frames
}

describe('frames', () => {
  it('come out as they went in, however the bytes are cut on the way', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.integer({ min: 1, max: 50 }), (parts, size) => {
        const data = parts.map((part) => Buffer.from(part)).filter((part) => part.length > 0)
        const bytes = Buffer.concat(data.map((part) => encodeData('stdin', part)))
        const cuts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        )
        expect(framesIn(cuts).map(({ payload }) => payload.toString('hex'))).toEqual(
          data.map((part) => part.toString('hex')),
        )
      }),
    )
  })

  it('carry more data than fits into one', () => {
    const data = Buffer.alloc(150_000, 'x')
    const frames = framesIn([encodeData('stdout', data)])
    expect(frames.length).toBe(3)
    expect(Buffer.concat(frames.map(({ payload }) => payload))).toEqual(data)
  })

  it('are refused when they announce more than a frame may hold, or are of no known type', () => {
    expect(() => framesIn([Buffer.from([0xff, 0xff, 0xff, 0xff, 1])])).toThrow()
    expect(() => framesIn([Buffer.from([0, 0, 0, 0, 1])])).toThrow()
    expect(() => framesIn([Buffer.from('GET / HTTP/1.1\r\n\r\n')])).toThrow()
  })

  it('carry messages that are checked when they are read', () => {
    const [frame] = framesIn([encodeMessage('open', { commandLine: 'sites', keys: false })])
    expect(decodeMessage(clientMessages.open, frame!)).toEqual({ commandLine: 'sites', keys: false })
    const [wrong] = framesIn([encodeMessage('open', { commandLine: 1 })])
    expect(() => decodeMessage(clientMessages.open, wrong!)).toThrow()
  })
})
