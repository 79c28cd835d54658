// Docker's framing (moby, pkg/stdcopy): the stream may be cut anywhere.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDemultiplexer, type Frame } from '../../../src/runtime/docker/frames.ts'

function encode({ stream, payload }: Frame): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stream === 'stderr' ? 2 : 1
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

function frame(stream: Frame['stream'], text: string): Frame {
  return { stream, payload: Buffer.from(text) }
}

function read(chunks: readonly Buffer[]): Frame[] {
  const demultiplex = createDemultiplexer()
  return chunks.flatMap((chunk) => demultiplex(chunk))
}

const frames = [frame('stdout', 'one\n'), frame('stderr', ''), frame('stderr', 'é'), frame('stdout', 'three')]
const bytes = Buffer.concat(frames.map(encode))

describe('the demultiplexer', () => {
  it('gives the same frames for every cut in two', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(frames)
    }
  })

  it('gives the same frames byte by byte', () => {
    expect(read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(frames)
  })

  it('gives the same frames for any frames and cuts', () => {
    const anyFrame = fc.record({
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
      payload: fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
    })
    fc.assert(
      fc.property(fc.array(anyFrame), fc.array(fc.nat(500)), (expected, cuts) => {
        const whole = Buffer.concat(expected.map(encode))
        const edges = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).toSorted((a, b) => a - b), whole.length]
        const chunks = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge))
        expect(read(chunks)).toEqual(expected)
      }),
    )
  })

  it('takes a hundred thousand frames in one chunk without recursing', () => {
    const whole = Buffer.concat(Array.from({ length: 100_000 }, () => encode(frame('stdout', 'x'))))
    expect(read([whole])).toHaveLength(100_000)
  })

  it('keeps the beginning of an oversized frame, and finds the next one', () => {
    const huge = frame('stdout', 'y'.repeat(3 * 1024 * 1024))
    const [first, second] = read([Buffer.concat([encode(huge), encode(frame('stdout', 'next'))])])
    expect(first?.payload).toHaveLength(1024 * 1024)
    expect(second).toEqual(frame('stdout', 'next'))
  })

  it('gives nothing for a frame that is cut off', () => {
    expect(read([bytes.subarray(0, 11)])).toEqual([])
  })
})
