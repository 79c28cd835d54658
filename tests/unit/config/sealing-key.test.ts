import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ensureSealingKey } from '../../../src/config/sealing-key.ts'

let keys: string

beforeEach(async () => {
  keys = await mkdtemp(join(tmpdir(), 'hosting-keys-'))
})
afterEach(async () => await rm(keys, { recursive: true }))

it('makes one key, for its owner only, and keeps it', async () => {
  const made = await Promise.all([1, 2, 3, 4].map(() => ensureSealingKey({ keys })))
  expect(new Set(made.map((key) => key.toString('hex'))).size).toBe(1)
  expect(await ensureSealingKey({ keys })).toEqual(made[0])
  expect(await readdir(keys)).toEqual(['sealing.key'])
  expect((await stat(join(keys, 'sealing.key'))).mode & 0o777).toBe(0o600)
})

it('replaces no damaged key: what it sealed would be lost', async () => {
  await writeFile(join(keys, 'sealing.key'), 'short')
  await expect(ensureSealingKey({ keys })).rejects.toThrow('damaged')
})
