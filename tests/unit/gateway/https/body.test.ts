import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readWhole } from '../../../../src/gateway/https/body.ts'

function requestWith(body: Buffer, packing?: string): IncomingMessage {
  const headers = packing === undefined ? {} : { 'content-encoding': packing }
  return Object.assign(Readable.from([body]), { headers }) as unknown as IncomingMessage
}

describe('a body', () => {
  it('is read as it is, or unpacked', async () => {
    expect(String(await readWhole(requestWith(Buffer.from('hello')), 10))).toBe('hello')
    for (const packing of ['gzip', 'x-gzip'])
      expect(String(await readWhole(requestWith(gzipSync('hello'), packing), 10))).toBe('hello')
  })

  // The attack: a megabyte that unpacks to a gigabyte.
  it('is refused when it unpacks to more than it may', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100_000)
    const before = process.memoryUsage().rss
    await expect(readWhole(requestWith(bomb, 'gzip'), 1024 * 1024)).rejects.toMatchObject({ code: 'too-large' })
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024)
  })

  it('is refused when it is not what it says', async () => {
    await expect(readWhole(requestWith(Buffer.from('plain'), 'gzip'), 10)).rejects.toThrow('incorrect header')
    await expect(readWhole(requestWith(Buffer.from('x'), 'br'), 10)).rejects.toMatchObject({ code: 'invalid-request' })
  })
})
