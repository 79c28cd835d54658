import { expect, it } from 'vitest'
import { AccountBlocks, delayMs } from '../../../../src/access/logins/account-blocks.ts'
import type { Clock } from '../../../../src/lib/clock.ts'

function fixture(most?: number) {
  const time = { ms: Date.parse('2026-11-21T12:00:00Z') }
  const clock: Clock = { now: () => new Date(time.ms), sleep: () => Promise.resolve() }
  const blocks = new AccountBlocks(clock, most === undefined ? {} : { most })
  const fail = (times: number, subject = 'anna') => {
    for (let time = 0; time < times; time++) blocks.failed(subject)
  }
  return { time, blocks, fail }
}

it('lets people mistype, then slows them down, then closes the account for longer and longer, up to an hour', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 30].map(delayMs)).toEqual([0, 0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000])
  const { time, blocks, fail } = fixture()
  fail(9)
  expect(blocks.blockedForMs('anna')).toBe(0)
  const minutes = [1, 2, 4, 8, 16, 32, 60, 60].map((minute) => {
    fail(1)
    const ms = blocks.blockedForMs('anna')
    time.ms += ms
    expect(blocks.blockedForMs('anna')).toBe(0)
    return [minute, ms / 60_000]
  })
  for (const [expected, actual] of minutes) expect(actual).toBe(expected)
})

it('forgets after a right password, and after a day', () => {
  const { time, blocks, fail } = fixture()
  fail(10)
  expect(blocks.forget('anna')).toBe(true)
  expect(blocks.forget('anna')).toBe(false)
  fail(9)
  time.ms += 24 * 3_600_000 + 1
  fail(1)
  expect(blocks.blockedForMs('anna')).toBe(0)
})

it('counts each account for itself, and keeps no more than so many', () => {
  const { blocks, fail } = fixture(3)
  fail(10, 'anna')
  expect(blocks.blockedForMs('ben')).toBe(0)
  for (const name of ['b', 'c', 'd']) fail(1, name)
  expect(blocks.subjects()).toEqual(['b', 'c', 'd'])
})
