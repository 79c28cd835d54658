import { describe, expect, it } from 'vitest'
import { envelopeSender, shownAddresses } from '../../../../src/data/mail/addresses.ts'
import { createAllowance } from '../../../../src/data/mail/allowance.ts'
import { createNotes } from '../../../../src/data/mail/notes.ts'
import { loadConfig } from '../../../../src/config/load.ts'

function movableClock() {
  let now = 0
  return {
    pass: (seconds: number) => void (now += seconds * 1000),
    clock: { now: () => new Date(now), sleep: () => Promise.resolve() },
  }
}

describe('an allowance', () => {
  it('is given at once, then by the hour', () => {
    const { clock, pass } = movableClock()
    const allowance = createAllowance({ perHour: 60, burst: 10 }, clock)
    expect(allowance.take(10)).toBe(0)
    expect(allowance.take(1)).toBe(60)
    pass(60)
    expect(allowance.take(1)).toBe(0)
    expect(allowance.take(1)).toBe(60)
    pass(100_000)
    expect(allowance.take(11)).toBe(Number.POSITIVE_INFINITY)
    expect(allowance.take(10)).toBe(0)
  })

  it('takes all or nothing', () => {
    const { clock } = movableClock()
    const allowance = createAllowance({ perHour: 10, burst: 10 }, clock)
    expect(allowance.take(8)).toBe(0)
    expect(allowance.take(3)).toBe(360)
    expect(allowance.take(2)).toBe(0)
  })
})

describe('notes', () => {
  it('say what repeats once in a while, with its number', () => {
    const { clock, pass } = movableClock()
    const said: string[] = []
    const notes = createNotes((text) => said.push(text), clock)
    for (let count = 0; count < 1000; count++) notes.sayOnce('rate', 'too many')
    notes.sayOnce('relay', 'no relay')
    expect(said).toEqual(['too many', 'no relay'])
    pass(600)
    notes.sayOnce('rate', 'too many')
    expect(said[2]).toBe('too many (and 999 times before this)')
  })
})

describe('addresses', () => {
  const config = (flags: Record<string, string>) => loadConfig({ flags: { home: '/nowhere', ...flags }, env: {} })
  const base = { 'base-domain': 'sites.example.org' }

  it('has an envelope sender for every site, which the relay may send for', () => {
    const senderOf = (name: string, flags = {}) => envelopeSender({ id: 7, name }, config({ ...base, ...flags }))
    expect(senderOf('demo.sites.example.org')).toBe('demo@sites.example.org')
    expect(senderOf('club.example.com')).toBe('club.example.com@sites.example.org')
    expect(senderOf(`${'a'.repeat(60)}.exam`)).toBe('site-7@sites.example.org')
    expect(senderOf('club.example.com', { 'mail-from': 'noreply@example.net' })).toBe('noreply@example.net')
  })

  it('shows recipients to those who know them', () => {
    expect(shownAddresses(['ann@example.org', 'bob@example.net'])).toBe('a…@example.org, b…@example.net')
    expect(shownAddresses(['a@b', 'b@b', 'c@b', 'd@b', 'e@b'])).toBe('a…@b, b…@b, c…@b and 2 more')
  })

  it('takes no relay or sender that is none', () => {
    for (const flags of [
      { 'mail-relay': 'mail.example.org' },
      { 'mail-relay': 'smtp://user:password@mail.example.org' },
      { 'mail-from': 'a@b> SIZE=1' },
      { 'mail-from': 'nobody' },
    ])
      expect(() => config(flags), JSON.stringify(flags)).toThrow(/configuration has mistakes/)
  })
})
