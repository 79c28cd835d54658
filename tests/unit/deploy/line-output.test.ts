import { finished } from 'node:stream/promises'
import { expect, it } from 'vitest'
import { lineOutput } from '../../../src/deploy/line-output.ts'

it('prints whole lines as they are complete, and the last one at the end', async () => {
  const lines: string[] = []
  const output = lineOutput((line) => lines.push(line))
  output.write('one\ntw')
  expect(lines).toEqual(['one'])
  output.write('o\nthree')
  output.end()
  await finished(output)
  expect(lines).toEqual(['one', 'two', 'three'])
})
