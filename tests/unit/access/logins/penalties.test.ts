import { describe, expect, it } from 'vitest'
import { createPenalties } from '../../../../src/access/logins/penalties.ts'
import type { Clock } from '../../../../src/lib/clock.ts'

function penaltiesAt(options?: { maxSources: number }) {
  let ms = Date.parse('2026-11-21T00:00:00Z')
  const clock: Clock = { now: () => new Date(ms), sleep: () => Promise.resolve() }
  const pass = (seconds: number) => {
    ms += seconds * 1000
  }
  const penalties = createPenalties(clock, options)
  const fail = (address: string, times: number) => {
    for (let count = 0; count < times; count++) penalties.offend(address, 'login-failed')
  }
  return {
    fail,
    pass,
    refusedForMs: (address: string) => penalties.refusedForMs(address),
    vouch: (address: string) => penalties.vouch(address),
  }
}

describe('penalties', () => {
  it('let a few mistakes pass, then refuse for longer with each failure', () => {
    const { fail, refusedForMs } = penaltiesAt()
    fail('192.0.2.1', 3)
    expect(refusedForMs('192.0.2.1')).toBe(0)
    fail('192.0.2.1', 1)
    expect(refusedForMs('192.0.2.1')).toBe(5000)
    fail('192.0.2.1', 2)
    expect(refusedForMs('192.0.2.1')).toBe(15_000)
    expect(refusedForMs('192.0.2.2')).toBe(0)
  })

  it('are paid off by time, and never last longer than ten minutes', () => {
    const { fail, refusedForMs, pass } = penaltiesAt()
    fail('192.0.2.1', 10_000)
    expect(refusedForMs('192.0.2.1')).toBe(585_000)
    pass(600)
    expect(refusedForMs('192.0.2.1')).toBe(0)
    fail('192.0.2.1', 3)
    expect(refusedForMs('192.0.2.1')).toBe(0)
  })

  // The attack: 2^64 addresses of one subscriber, each with a clean slate.
  it('count the addresses of one IPv6 subscriber together', () => {
    const { fail, refusedForMs } = penaltiesAt()
    for (let host = 1; host <= 5; host++) fail(`2001:db8:0:1::${host}`, 1)
    expect(refusedForMs('2001:db8:0:1::ffff')).toBeGreaterThan(0)
    expect(refusedForMs('2001:db8:0:2::1')).toBe(0)
  })

  it('weigh lightly on this machine, where a person mistypes, but do weigh', () => {
    const { fail, refusedForMs } = penaltiesAt()
    fail('127.0.0.1', 30)
    expect(refusedForMs('127.0.0.1')).toBe(0)
    fail('127.0.0.1', 100)
    expect(refusedForMs('127.0.0.1')).toBe(5000)
  })

  // One pupil's script with a wrong key must not lock out the school behind the same address.
  it('weigh lightly on an address that somebody has logged in from, for an hour', () => {
    const { fail, vouch, refusedForMs, pass } = penaltiesAt()
    vouch('192.0.2.1')
    fail('192.0.2.1', 30)
    expect(refusedForMs('192.0.2.1')).toBe(0)
    pass(3600)
    fail('192.0.2.1', 6)
    expect(refusedForMs('192.0.2.1')).toBeGreaterThan(0)
  })

  it('a login does not wipe out what an address owes', () => {
    const { fail, vouch, refusedForMs } = penaltiesAt()
    fail('192.0.2.1', 10)
    vouch('192.0.2.1')
    fail('192.0.2.1', 1)
    expect(refusedForMs('192.0.2.1')).toBeGreaterThanOrEqual(35_000)
  })

  // The attack: filling the memory, or making the door forget, by coming from everywhere.
  it('remember a bounded number of sources, those that failed last', () => {
    const { fail, refusedForMs } = penaltiesAt({ maxSources: 3 })
    for (let host = 1; host <= 5; host++) fail(`192.0.2.${host}`, 5)
    const refused = [1, 2, 3, 4, 5].filter((host) => refusedForMs(`192.0.2.${host}`) > 0)
    expect(refused).toEqual([3, 4, 5])
  })

  it('forget what is paid before what is not', () => {
    const { fail, refusedForMs, pass } = penaltiesAt({ maxSources: 3 })
    fail('192.0.2.1', 100)
    fail('192.0.2.2', 1)
    fail('192.0.2.3', 1)
    pass(60)
    fail('192.0.2.4', 100)
    expect(refusedForMs('192.0.2.1')).toBeGreaterThan(0)
  })
})
