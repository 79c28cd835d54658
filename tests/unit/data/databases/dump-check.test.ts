import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DumpCheck } from '../../../../src/data/databases/dump-check.ts'

async function check(...pieces: (string | Buffer)[]): Promise<DumpCheck> {
  const dump = new DumpCheck()
  dump.resume()
  await pipeline(Readable.from(pieces.map((piece) => Buffer.from(piece))), dump)
  return dump
}

describe('a dump', () => {
  it.each([
    ['gzip', gzipSync('SELECT 1')],
    ['UTF-16', Buffer.from('\ufeff-- MariaDB dump', 'utf16le')],
    ['ZIP', Buffer.from('PK\u0003\u0004')],
    ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2])],
  ])('of %s is refused with the command that mends it', async (what, bytes) => {
    const refused = check(bytes.subarray(0, 1), bytes.subarray(1))
    await expect(refused).rejects.toMatchObject({
      code: 'invalid-dump',
      message: expect.stringContaining(what) as string,
    })
    await expect(refused).rejects.toHaveProperty('hint')
  })

  it('that says how it begins has to say how it ends', async () => {
    const head =
      '/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)\n'
    expect((await check(head, 'CREATE TABLE t (i INT);\n')).isCutOff).toBe(true)
    expect((await check(head, 'x'.repeat(5000), '\n-- Dump completed on 2026-11-21  8:28:54\n')).isCutOff).toBe(false)
    expect((await check('-- MySQL dump 10.13\n', '-- Dump comp', 'leted\n')).isCutOff).toBe(false)
  })

  it('of another program need not', async () => {
    expect((await check('-- phpMyAdmin SQL Dump\n', 'CREATE TABLE t (i INT);\n')).isCutOff).toBe(false)
    expect((await check('CREATE TABLE t (i INT);')).isCutOff).toBe(false)
  })
})
