// What CAs allow in a time, so that no order is placed only to be refused. Pure: the events are in the store.
import type { AcmeEvent } from '../../store/acme.ts'
import { dayMs, hourMs } from './renewal.ts'

export interface Limit {
  readonly most: number
  readonly windowMs: number
}

export type Limits = Readonly<Record<AcmeEvent['kind'], Limit>>

/** Of a CA that publishes none: only what would be an attack by mistake is kept back. Its answers are obeyed in any case. */
const unlimited = { most: Number.POSITIVE_INFINITY, windowMs: hourMs }
const unknownLimits: Limits = {
  order: unlimited,
  certificate: unlimited,
  'same-names': unlimited,
  'failed-validation': { most: 5, windowMs: hourMs },
}
/** https://letsencrypt.org/docs/rate-limits/. Windows that move are stricter than its buckets that refill, and never refused. */
export const letsEncryptLimits: Limits = {
  order: { most: 300, windowMs: 3 * hourMs },
  certificate: { most: 50, windowMs: 7 * dayMs },
  'same-names': { most: 5, windowMs: 7 * dayMs },
  'failed-validation': { most: 5, windowMs: hourMs },
}
/** https://letsencrypt.org/docs/staging-environment/ */
const stagingLimits: Limits = {
  order: { most: 1500, windowMs: 3 * hourMs },
  certificate: { most: 30_000, windowMs: 7 * dayMs },
  'same-names': { most: 30_000, windowMs: 7 * dayMs },
  'failed-validation': { most: 200, windowMs: hourMs },
}
/** No window is longer: what is older may be forgotten. */
export const longestWindowMs = 7 * dayMs

export function limitsOf(directory: string): Limits {
  const { hostname } = new URL(directory)
  if (hostname === 'acme-v02.api.letsencrypt.org') return letsEncryptLimits
  return hostname === 'acme-staging-v02.api.letsencrypt.org' ? stagingLimits : unknownLimits
}

/** When one event more fits into the limit; undefined: now. @param events of the last window, the oldest first */
export function whenAllowed({ most, windowMs }: Limit, events: readonly Date[], now: Date): Date | undefined {
  // Written down by a clock that was wrong: what is yet to come has not happened.
  const happened = events.filter((at) => at.getTime() <= now.getTime())
  const recent = happened.filter((at) => at.getTime() > now.getTime() - windowMs)
  const leaving = recent.at(-most)
  if (recent.length < most || leaving === undefined) return undefined
  return new Date(leaving.getTime() + windowMs)
}

export interface PlannedOrder {
  readonly directory: string
  readonly names: readonly string[]
  /** The registered domains (publicsuffix.org) of the names. */
  readonly registeredDomains: readonly string[]
  /** `same-names`: of the very names that a certificate is for. `ari`: the CA is told which certificate it replaces. */
  readonly renewal: 'none' | 'same-names' | 'ari'
}

/** What an order counts as when it is placed. A renewal that the CA knows as one counts nowhere. */
export function eventsOf({ directory, names, registeredDomains, renewal }: PlannedOrder): AcmeEvent[] {
  if (renewal === 'ari') return []
  const certificates = renewal === 'same-names' ? [] : [...new Set(registeredDomains)]
  return [
    { kind: 'order', subject: directory },
    { kind: 'same-names', subject: [...names].sort().join(' ') },
    ...certificates.map((subject): AcmeEvent => ({ kind: 'certificate', subject })),
  ]
}

/** What an order has to fit into besides: names whose validation failed lately are left alone. */
export function checksOf(order: PlannedOrder): AcmeEvent[] {
  return [...eventsOf(order), ...order.names.map((subject): AcmeEvent => ({ kind: 'failed-validation', subject }))]
}

export function limitSentence({ kind, subject }: AcmeEvent, { most, windowMs }: Limit): string {
  const per = windowMs >= dayMs ? `${windowMs / dayMs} days` : `${windowMs / hourMs} h`
  const what = {
    order: 'orders of an account',
    certificate: `certificates for names below ${subject}`,
    'same-names': 'certificates for the same names',
    'failed-validation': `failed validations of ${subject}`,
  }[kind]
  return `The certificate authority allows ${most} ${what} in ${per}, and that many were used.`
}
