import fc from 'fast-check'
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { followLines, readTail, type TailPosition } from '../../../src/lib/tail.ts'

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosting-tail-'))
  path = join(directory, 'log')
})
afterEach(async () => await rm(directory, { recursive: true }))

describe('the tail of a file', () => {
  it('is its last lines, however long they are and wherever blocks end', async () => {
    const lines = fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(lines, fc.nat(14), async (lengths, count) => {
        const texts = lengths.map((length, index) => String(index).padStart(length, 'ä'))
        await writeFile(path, texts.map((text) => `${text}\n`).join(''))
        expect((await readTail(path, count))?.lines).toEqual(count === 0 ? [] : texts.slice(-count))
      }),
      { numRuns: 30 },
    )
  })

  it('leaves out a line that is not complete, and begins there later', async () => {
    await writeFile(path, 'one\ntwo\nthr')
    const tail = await readTail(path, 5)
    expect([tail?.lines, tail?.position.offset]).toEqual([['one', 'two'], 8])
  })

  it('reads only so many bytes', async () => {
    await writeFile(path, `${'x'.repeat(99)}\n`.repeat(10_000))
    expect((await readTail(path, 10_000, 65_536))?.lines.length).toBeLessThan(700)
  })

  it('of no file is undefined', async () => expect(await readTail(path, 5)).toBeUndefined())
})

describe('following a file', () => {
  async function follow(work: (seen: string[]) => Promise<void>, from?: TailPosition) {
    const stop = new AbortController()
    const seen: string[] = []
    const reading = (async () => {
      for await (const line of followLines(path, { from, clock: systemClock, signal: stop.signal, pollMs: 10 }))
        seen.push(line)
    })()
    await work(seen)
    stop.abort()
    await reading
    return seen
  }
  const until = (seen: string[], ...lines: string[]) => vi.waitFor(() => expect(seen).toEqual(lines), { timeout: 4000 })

  it('gives what is added, in whole lines', async () => {
    await writeFile(path, 'old\n')
    const tail = await readTail(path, 1)
    await follow(async (seen) => {
      await appendFile(path, 'one\ntw')
      await until(seen, 'one')
      await appendFile(path, 'o\n')
      await until(seen, 'one', 'two')
    }, tail?.position)
  })

  it('begins when the file is made, and loses nothing over renames', async () => {
    await follow(async (seen) => {
      await delay(20)
      await writeFile(path, 'one\n')
      await until(seen, 'one')
      await rename(path, `${path}.1`)
      await writeFile(path, 'three\n')
      await appendFile(`${path}.1`, 'two\n')
      await until(seen, 'one', 'two', 'three')
    })
  })

  it('goes on reading a file that was renamed, as others go on writing to it', async () => {
    await writeFile(path, 'one\n')
    await follow(async (seen) => {
      await until(seen, 'one')
      await rename(path, `${path}.1`)
      await delay(50)
      await appendFile(`${path}.1`, 'two\n')
      await until(seen, 'one', 'two')
      await writeFile(path, 'three\n')
      await until(seen, 'one', 'two', 'three')
      await appendFile(`${path}.1`, 'late\n')
      await until(seen, 'one', 'two', 'three', 'late')
    })
  })

  it('begins anew when the file is emptied', async () => {
    await follow(async (seen) => {
      await writeFile(path, 'a longer line\n')
      await until(seen, 'a longer line')
      await truncate(path)
      await delay(30)
      await appendFile(path, 'short\n')
      await until(seen, 'a longer line', 'short')
    })
  })

  it('gives what was added just before it ends', async () => {
    const seen = await follow(async (lines) => {
      await writeFile(path, 'one\n')
      await until(lines, 'one')
      await appendFile(path, 'two\n')
    })
    expect(seen).toEqual(['one', 'two'])
  })

  it('cuts a line without an end', async () => {
    await writeFile(path, `${'x'.repeat(500_000)}\nnext\n`)
    const seen = await follow((lines) => vi.waitFor(() => expect(lines.at(-1)).toBe('next'), { timeout: 4000 }))
    expect(seen).toHaveLength(2)
    expect(seen[0]?.length).toBeLessThanOrEqual(2 * 65_536)
  })
})
