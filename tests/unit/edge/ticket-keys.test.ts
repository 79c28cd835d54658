import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureTicketKeys, removeOldTicketKeys, ticketKeyMs } from '../../../src/edge/ticket-keys.ts'

let directory: string
const start = Date.parse('2026-11-21T12:00:00Z')
const day = (count: number) => new Date(start + count * ticketKeyMs)

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'tickets-')), 'tickets')
})
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true })
})

describe('keys of session tickets', () => {
  it('are made once a day, used for three, the newest first', async () => {
    const [first = ''] = await ensureTicketKeys(directory, day(0))
    expect(await ensureTicketKeys(directory, day(0.99))).toEqual([first])
    const [second = ''] = await ensureTicketKeys(directory, day(1))
    const third = (await ensureTicketKeys(directory, day(2)))[0]
    const fourth = await ensureTicketKeys(directory, day(3))
    expect(fourth).toEqual([expect.not.stringMatching(basename(third ?? '')), third, second])
    expect(await readdir(directory)).toHaveLength(4)
    await removeOldTicketKeys(directory, fourth)
    expect((await readdir(directory)).toSorted()).toEqual(fourth.map((path) => basename(path)).toSorted())
  })

  it('are 80 random bytes that nobody else may read', async () => {
    const [first = ''] = await ensureTicketKeys(directory, day(0))
    const [second = ''] = await ensureTicketKeys(directory, day(1))
    expect((await readFile(first)).length).toBe(80)
    expect((await stat(first)).mode & 0o777).toBe(0o640)
    expect(await readFile(first)).not.toEqual(await readFile(second))
  })

  it('of a future that a wrong clock made, and of other files, are not used', async () => {
    await ensureTicketKeys(directory, day(300))
    await writeFile(join(directory, 'notes.key'), 'x')
    const used = await ensureTicketKeys(directory, day(0))
    expect(used.map((path) => basename(path))).toEqual([`${start}.key`])
    await removeOldTicketKeys(directory, used)
    expect(await readdir(directory)).toEqual([`${start}.key`])
  })
})
