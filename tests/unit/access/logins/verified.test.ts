import { beforeEach, expect, it } from 'vitest'
import { Verified } from '../../../../src/access/logins/verified.ts'
import { systemClock } from '../../../../src/lib/clock.ts'

let time: number
let verified: Verified
const proven = { hash: 'stored, with its salt', password: 'four words in a row', address: '2001:db8::1' }

beforeEach(() => {
  time = 0
  verified = new Verified({ ...systemClock, now: () => new Date(time) })
  verified.add(proven)
})

it('is the very same password of the same account, from the same source', () => {
  expect(verified.has(proven)).toBe(true)
  expect(verified.has({ ...proven, address: '2001:db8::ffff' })).toBe(true)
  expect(verified.has({ ...proven, address: '2001:db8:0:1::1' })).toBe(false)
  expect(verified.has({ ...proven, password: 'four words in a rows' })).toBe(false)
  // A changed password has another salt, even if it is the same.
  expect(verified.has({ ...proven, hash: 'stored anew' })).toBe(false)
})

it('ends after a minute, however often it was asked for', () => {
  for (time = 0; time < 60_000; time += 1000) expect(verified.has(proven)).toBe(true)
  expect(verified.has(proven)).toBe(false)
})

it('is forgotten when a thousand others have come since', () => {
  for (let at = 0; at < 999; at++) verified.add({ ...proven, password: `${at}` })
  expect(verified.has(proven)).toBe(true)
  verified.add({ ...proven, password: 'one more' })
  expect(verified.has(proven)).toBe(false)
  expect(verified.has({ ...proven, password: '0' })).toBe(true)
})
