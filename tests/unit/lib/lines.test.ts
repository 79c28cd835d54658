import { describe, expect, it } from 'vitest'
import { capOutput } from '../../../src/lib/cap-output.ts'
import { jsonLines } from '../../../src/runtime/docker/json-lines.ts'
import { createLineJoiner } from '../../../src/lib/lines.ts'

function join(...pieces: (string | Buffer)[]): string[] {
  const joiner = createLineJoiner()
  return [...pieces.flatMap((piece) => joiner.push(Buffer.from(piece))), ...joiner.end()]
}

describe('the line joiner', () => {
  it('joins pieces and splits at newlines, for every cut', () => {
    const text = Buffer.from('añb\n\r\n\nlast €')
    for (let cut = 0; cut <= text.length; cut++) {
      expect(join(text.subarray(0, cut), text.subarray(cut))).toEqual(['añb', '', '', 'last €'])
    }
  })

  it('makes no line of nothing', () => expect(join('')).toEqual([]))

  it('cuts a line after 64 kB and goes on with the next', () => {
    const [long, next] = join('x'.repeat(50_000), 'y'.repeat(50_000), 'z\nnext\n')
    expect(long).toHaveLength(65_536)
    expect(next).toBe('next')
  })
})

describe('json lines', () => {
  it('skips what is cut off or no JSON', async () => {
    const stream = (async function* () {
      yield '{"a":1}\n{"a"'
      yield ':2}\r\n\nnonsense\n{"a":'
    })()
    expect(await Array.fromAsync(jsonLines(stream))).toEqual([{ a: 1 }, { a: 2 }])
  })
})

describe('the cap on the output of a build', () => {
  it('ends with one note after 4 MB', () => {
    const lines: string[] = []
    const output = capOutput((line) => lines.push(line))
    for (let count = 0; count < 5000; count++) output('x'.repeat(1023))
    expect(lines).toHaveLength(4096)
    expect(lines.at(-1)).toBe('More than 4 MB of output: the rest is left out.')
  })
})
