// When to renew, when to try again, what a CA allows, who shares a certificate: pure.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backOffMs, renewalCapMs } from '../../../src/certs/plan/back-off.ts'
import { groupNames, mostNames } from '../../../src/certs/plan/grouping.ts'
import { checksOf, eventsOf, letsEncryptLimits, limitsOf, whenAllowed } from '../../../src/certs/plan/limits.ts'
import { dayMs, hourMs, nextWindowQuestionMs, renewalTime, timeInWindow } from '../../../src/certs/plan/renewal.ts'

const start = new Date('2026-01-01T00:00:00Z')
const living = (days: number, id = 'a') => ({
  id,
  notBefore: start,
  notAfter: new Date(start.getTime() + days * dayMs),
})
const ageOf = (time: Date) => (time.getTime() - start.getTime()) / dayMs

describe('the time of a renewal', () => {
  it('lies between 57 and 67 % of the lifetime, of short-lived certificates between 40 and 50 %', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 400 }), (id, days) => {
        const share = ageOf(renewalTime(living(days, id))) / days
        const latest = days <= 10 ? 0.5 : 2 / 3
        expect(share).toBeGreaterThanOrEqual(latest - 0.1 - 1e-6)
        expect(share).toBeLessThanOrEqual(latest + 1e-6)
      }),
    )
  })

  it('is the same each time, and spreads ten thousand of one hour over days and hours', () => {
    expect(renewalTime(living(90, 'x'))).toEqual(renewalTime(living(90, 'x')))
    const times = Array.from({ length: 10_000 }, (_, index) => renewalTime(living(90, `id-${index}`)))
    const perDay = Map.groupBy(times, (time) => Math.floor(ageOf(time)))
    const perHour = Map.groupBy(times, (time) => time.getUTCHours())
    expect(perDay.size).toBeGreaterThanOrEqual(9)
    expect(Math.max(...[...perDay.values()].map(({ length }) => length))).toBeLessThan(1300)
    expect(Math.max(...[...perHour.values()].map(({ length }) => length))).toBeLessThan(600)
  })

  it('lies in the window of the CA, but not at the end of the certificate', () => {
    const window = { start: new Date(start.getTime() + 40 * dayMs), end: new Date(start.getTime() + 42 * dayMs) }
    expect(ageOf(timeInWindow(window, living(90)))).toBeGreaterThanOrEqual(40)
    expect(ageOf(timeInWindow(window, living(90)))).toBeLessThanOrEqual(42)
    expect(ageOf(timeInWindow(window, living(40)))).toBeLessThanOrEqual(36)
  })

  it('is asked for again as the CA says, within an hour and a day', () => {
    expect([undefined, 60_000, 8 * hourMs, 90 * dayMs].map(nextWindowQuestionMs)).toEqual([
      6 * hourMs,
      hourMs,
      8 * hourMs,
      dayMs,
    ])
  })
})

describe('the back-off', () => {
  it('doubles up to its cap, and is never the same for all', () => {
    const at = (failures: number, key = 'a') => backOffMs({ key, failures, capMs: dayMs })
    expect(at(1)).toBeGreaterThanOrEqual(22_500)
    expect(at(1)).toBeLessThanOrEqual(37_500)
    expect(at(60)).toBeLessThanOrEqual(1.25 * dayMs)
    expect(at(60)).toBeGreaterThanOrEqual(0.75 * dayMs)
    expect(new Set(Array.from({ length: 50 }, (_, index) => at(3, `k${index}`))).size).toBeGreaterThan(40)
  })

  it('obeys Retry-After, but not for ever', () => {
    expect(backOffMs({ key: 'a', failures: 1, retryAfterMs: 2 * hourMs, capMs: hourMs })).toBe(2 * hourMs)
    expect(backOffMs({ key: 'a', failures: 1, retryAfterMs: 9000 * dayMs, capMs: hourMs })).toBe(7 * dayMs)
  })

  it('leaves short-lived certificates time', () => {
    expect(renewalCapMs(6 * dayMs)).toBeCloseTo(7.2 * hourMs)
    expect(renewalCapMs(90 * dayMs)).toBe(dayMs)
  })
})

describe('the limits', () => {
  it('never let more happen in a window than the CA allows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        (gaps, most) => {
          const limit = { most, windowMs: 10_000 }
          const events: Date[] = []
          let now = 0
          for (const gap of gaps) {
            now += gap
            const allowed = whenAllowed(limit, events, new Date(now))
            if (allowed === undefined) events.push(new Date(now))
            else expect(allowed.getTime()).toBeGreaterThan(now)
          }
          for (const end of events) {
            const inside = events.filter((at) => at <= end && at.getTime() > end.getTime() - limit.windowMs)
            expect(inside.length).toBeLessThanOrEqual(most)
          }
        },
      ),
    )
  })

  it('count nothing for a renewal that names what it replaces, and no new certificate for the same names', () => {
    const order = { directory: 'https://ca.example/dir', names: ['b.example.org', 'a.example.org'] }
    const registeredDomains = ['example.org', 'example.org']
    expect(eventsOf({ ...order, registeredDomains, renewal: 'ari' })).toEqual([])
    expect(eventsOf({ ...order, registeredDomains, renewal: 'same-names' }).map(({ kind }) => kind)).toEqual([
      'order',
      'same-names',
    ])
    expect(checksOf({ ...order, registeredDomains, renewal: 'none' })).toEqual([
      { kind: 'order', subject: 'https://ca.example/dir' },
      { kind: 'same-names', subject: 'a.example.org b.example.org' },
      { kind: 'certificate', subject: 'example.org' },
      { kind: 'failed-validation', subject: 'b.example.org' },
      { kind: 'failed-validation', subject: 'a.example.org' },
    ])
  })

  it("are Let's Encrypt's where it is asked, and none for a CA that publishes none", () => {
    expect(limitsOf('https://acme-v02.api.letsencrypt.org/directory')).toBe(letsEncryptLimits)
    expect(limitsOf('https://ca.example/dir').order.most).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('names that share a certificate', () => {
  const name = (text: string, more: object = {}) => ({
    name: text,
    siteId: 1,
    certificateId: null,
    apart: false,
    ...more,
  })
  const registered = (text: string) => text.split('.').slice(-2).join('.')
  const groups = (names: Parameters<typeof groupNames>[0]) =>
    groupNames(names, registered).map((group) => group.map((each) => each.name))

  it('are of one site and one registered domain, or have one already', () => {
    expect(
      groups([
        name('a.org'),
        name('www.a.org'),
        name('b.org'),
        name('c.a.org', { siteId: 2 }),
        name('d.org', { certificateId: 'x' }),
        name('e.net', { certificateId: 'x' }),
      ]),
    ).toEqual([['a.org', 'www.a.org'], ['b.org'], ['c.a.org'], ['d.org', 'e.net']])
  })

  it('are a hundred at most, and one whose proof failed is alone', () => {
    const many = Array.from({ length: mostNames + 1 }, (_, index) => name(`n${index}.a.org`))
    expect(groups(many).map(({ length }) => length)).toEqual([mostNames, 1])
    expect(groups([name('a.org', { apart: true }), name('www.a.org')])).toEqual([['a.org'], ['www.a.org']])
  })
})
