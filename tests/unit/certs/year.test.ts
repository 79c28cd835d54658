// A year of renewals on a clock that is moved: a thousand domains, certificates of 90, 45 and 6 days, a CA with Let's Encrypt's limits
// that fails one order in twenty and is down for two days twice. Only what decides is run: plan, back-off, limits.
import { describe, expect, it } from 'vitest'
import { backOffMs, renewalCapMs, waitingCapMs } from '../../../src/certs/plan/back-off.ts'
import { fractionOf } from '../../../src/certs/plan/chance.ts'
import {
  checksOf,
  eventsOf,
  letsEncryptLimits,
  type PlannedOrder,
  whenAllowed,
} from '../../../src/certs/plan/limits.ts'
import { dayMs, renewalTime } from '../../../src/certs/plan/renewal.ts'
import type { AcmeEvent } from '../../../src/store/acme.ts'

const start = Date.parse('2026-01-01T00:00:00Z')
const directory = 'https://acme-v02.api.letsencrypt.org/directory'
const outages = [
  { from: start + 100 * dayMs, to: start + 102 * dayMs },
  { from: start + 250 * dayMs, to: start + 252 * dayMs },
]

interface Domain {
  readonly name: string
  readonly registered: string
  readonly lifetimeDays: number
  nextAt: number
  notAfter: number | undefined
  failures: number
}

/** A fifth lies below one registered domain: a school's. */
function domainOf(index: number): Domain {
  const registered = index % 5 === 0 ? 'school.example' : `d${index}.example`
  const lifetimeDays = [90, 45, 6][index % 3] ?? 90
  return { name: `s${index}.${registered}`, registered, lifetimeDays, nextAt: start, notAfter: undefined, failures: 0 }
}

/** Events by kind and subject; the CA keeps its own, and refuses what is too much. */
class Ledger {
  readonly #events = new Map<string, number[]>()

  since({ kind, subject }: AcmeEvent, now: number): Date[] {
    const from = now - letsEncryptLimits[kind].windowMs
    const kept = (this.#events.get(`${kind} ${subject}`) ?? []).filter((at) => at > from)
    this.#events.set(`${kind} ${subject}`, kept)
    return kept.map((at) => new Date(at))
  }

  add(events: readonly AcmeEvent[], now: number): void {
    for (const event of events) this.#events.set(key(event), [...(this.#events.get(key(event)) ?? []), now])
  }
}

const key = ({ kind, subject }: AcmeEvent) => `${kind} ${subject}`

function simulate(domains: readonly Domain[], renewal: PlannedOrder['renewal']) {
  const ours = new Ledger()
  const theirs = new Ledger()
  const result = { orders: 0, refused: 0, longestExpiredMs: 0, perDay: new Map<number, number>() }
  const end = start + 365 * dayMs
  for (;;) {
    const domain = domains.reduce((first, each) => (each.nextAt < first.nextAt ? each : first))
    const now = domain.nextAt
    if (now >= end) return result
    const order: PlannedOrder = {
      ...{ directory, names: [domain.name], registeredDomains: [domain.registered] },
      renewal: domain.notAfter === undefined ? 'none' : renewal,
    }
    const capMs = domain.notAfter === undefined ? waitingCapMs : renewalCapMs(domain.lifetimeDays * dayMs)
    const blocked = checksOf(order).flatMap((event) => {
      const at = whenAllowed(letsEncryptLimits[event.kind], ours.since(event, now), new Date(now))
      return at === undefined ? [] : [at.getTime()]
    })
    const fails = (retryAfterMs?: number) => {
      domain.failures++
      domain.nextAt = now + backOffMs({ key: domain.name, failures: domain.failures, capMs, retryAfterMs })
    }
    if (blocked.length > 0) {
      fails(Math.max(...blocked) - now)
      continue
    }
    if (outages.some(({ from, to }) => now >= from && now < to)) {
      fails()
      continue
    }
    const events = eventsOf(order)
    const tooMuch = events.some((event) => theirs.since(event, now).length >= letsEncryptLimits[event.kind].most)
    const isIssued = !tooMuch && fractionOf(`${domain.name} ${now}`) >= 0.05
    // An order counts when it is placed, a certificate when it is issued.
    const counted = events.filter(({ kind }) => kind === 'order' || isIssued)
    ours.add(counted, now)
    theirs.add(counted, now)
    result.orders++
    if (tooMuch) result.refused++
    if (!isIssued) {
      fails()
      continue
    }
    if (domain.notAfter !== undefined)
      result.longestExpiredMs = Math.max(result.longestExpiredMs, now - domain.notAfter)
    if (domain.notAfter !== undefined) count(result.perDay, Math.floor((now - start) / dayMs))
    const validity = {
      id: `${domain.name} ${now}`,
      notBefore: new Date(now),
      notAfter: new Date(now + domain.lifetimeDays * dayMs),
    }
    Object.assign(domain, {
      failures: 0,
      notAfter: validity.notAfter.getTime(),
      nextAt: renewalTime(validity).getTime(),
    })
  }
}

function count(days: Map<number, number>, day: number): void {
  days.set(day, (days.get(day) ?? 0) + 1)
}

describe.each(['ari', 'same-names'] as const)('a year of a thousand domains (renewals: %s)', (renewal) => {
  const domains = Array.from({ length: 1000 }, (_, index) => domainOf(index))
  const result = simulate(domains, renewal)

  it('never orders what the CA would refuse', () => {
    expect(result.orders).toBeGreaterThan(40_000)
    expect(result.refused).toBe(0)
  })

  it('never serves an expired certificate, and none is without one in the end', () => {
    expect(result.longestExpiredMs).toBe(0)
    expect(domains.filter(({ notAfter = 0 }) => notAfter < start + 365 * dayMs)).toEqual([])
  })
})
