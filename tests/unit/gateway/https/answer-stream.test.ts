import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { answerStream } from '../../../../src/gateway/https/answer-stream.ts'
import { collect } from '../../commands/platform.ts'

function fixture() {
  const heads: number[] = []
  const stream = new PassThrough()
  const response = Object.assign(stream, {
    writeHead: (status: number) => heads.push(status),
  }) as unknown as ServerResponse
  return { heads, said: collect(stream), ...answerStream(response, { contentType: 'text/x', opening: '' }) }
}
const write = (stream: NodeJS.WritableStream, text: string) =>
  new Promise<void>((resolve) => void stream.write(text, () => resolve()))

describe('an answer', () => {
  it('has no head before its first byte', async () => {
    const { heads, stdout, begun, end } = fixture()
    expect([heads, begun()]).toEqual([[], false])
    await write(stdout, '0008NAK\n')
    expect([heads, begun()]).toEqual([[200], true])
    await end()
  })

  it('brings what would be standard error in the second band, before its end, however the end was cut', async () => {
    for (const end of [['0000'], ['00', '00'], ['0', '0', '0', '0']]) {
      const { stdout, stderr, said, ...answer } = fixture()
      await write(stdout, '000a\x02hello')
      expect(said()).toBe('000a\x02hello')
      for (const piece of end) await write(stdout, piece)
      await write(stderr, 'too large')
      await answer.end()
      expect(said()).toBe('000a\x02hello000e\x02too large0000')
    }
  })

  it('says nothing more where there are no bands', async () => {
    const { stdout, stderr, said, end } = fixture()
    await write(stdout, '0008NAK\n0000')
    await write(stderr, 'unheard')
    await end()
    expect(said()).toBe('0008NAK\n0000')
  })

  it('holds back nothing but zeros', async () => {
    const { stdout, said, end } = fixture()
    await write(stdout, '0010\x02100 of 1000000')
    expect(said()).toBe('0010\x02100 of 100')
    await write(stdout, '\n')
    expect(said()).toBe('0010\x02100 of 1000000\n')
    await end()
  })
})
