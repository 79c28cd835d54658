// Addresses that keep failing are refused for a while, as OpenSSH's PerSourcePenalties does it: every failure adds seconds to a debt
// that time pays off; above a threshold the address is refused. Memory is bounded, whoever comes.
import type { Clock } from '../../lib/clock.ts'
import { isLoopback, sourceOf } from './source.ts'

/** Seconds of debt (sshd_config(5), PerSourcePenalties). */
const debtFor = {
  'login-failed': 5,
  /** Each of them, also on one connection. */
  'wrong-password': 3,
  'no-login': 1,
  'grace-exceeded': 10,
  crowding: 1,
  malformed: 5,
} as const
export type Offence = keyof typeof debtFor

const refusedAboveMs = 15_000
const mostDebtMs = 600_000
/** A login vouches for its source this long: one pupil with a wrong key must not lock out the school behind the same address. */
const vouchedForMs = 3_600_000
/** What failures of a vouched-for source weigh, and those of this very machine: 30 at once until it is refused, for 15 s or so. */
const lightWeight = 0.1
const mostLightDebtMs = 20_000

interface Standing {
  readonly debtPaidAt: number
  readonly vouchedUntil: number
}

export interface Penalties {
  /** Milliseconds until the address is let in again; 0: at once. */
  refusedForMs(address: string): number
  offend(address: string, offence: Offence): void
  /** A login from there succeeded. */
  vouch(address: string): void
  /** When the debt is paid. */
  debtPaidAt(address: string): Date
  /** What was known before a restart. */
  restore(source: string, debtPaidAt: Date): void
  /** Takes the debt away. @returns whether there was one */
  forgive(address: string): boolean
}

export function createPenalties(clock: Clock, { maxSources = 16_384 }: { maxSources?: number } = {}): Penalties {
  const standings = new Map<string, Standing>()
  const now = () => clock.now().getTime()
  const standingOf = (address: string) => standings.get(sourceOf(address)) ?? { debtPaidAt: 0, vouchedUntil: 0 }
  const keep = (address: string, standing: Standing) =>
    remember(standings, { source: sourceOf(address), standing, maxSources, now: now() })
  return {
    refusedForMs(address) {
      const debt = standingOf(address).debtPaidAt - now()
      return debt > refusedAboveMs ? debt - refusedAboveMs : 0
    },
    offend(address, offence) {
      const standing = standingOf(address)
      const light = isLoopback(address) || standing.vouchedUntil > now()
      keep(address, { ...standing, debtPaidAt: addDebt(standing, { now: now(), seconds: debtFor[offence], light }) })
    },
    vouch(address) {
      keep(address, { ...standingOf(address), vouchedUntil: now() + vouchedForMs })
    },
    debtPaidAt: (address) => new Date(standingOf(address).debtPaidAt),
    restore(source, debtPaidAt) {
      keep(source, { debtPaidAt: Math.min(debtPaidAt.getTime(), now() + mostDebtMs), vouchedUntil: 0 })
    },
    forgive(address) {
      const standing = standingOf(address)
      keep(address, { ...standing, debtPaidAt: 0 })
      return standing.debtPaidAt > now()
    },
  }
}

function addDebt(standing: Standing, added: { now: number; seconds: number; light: boolean }): number {
  const addedMs = added.seconds * 1000 * (added.light ? lightWeight : 1)
  const most = Math.max(standing.debtPaidAt, added.now + (added.light ? mostLightDebtMs : mostDebtMs))
  return Math.min(Math.max(standing.debtPaidAt, added.now) + addedMs, most)
}

/** Keeps the map small: first what no longer matters goes, then what was touched longest ago. */
function remember(
  standings: Map<string, Standing>,
  { source, standing, maxSources, now }: { source: string; standing: Standing; maxSources: number; now: number },
): void {
  standings.delete(source)
  if (standings.size >= maxSources) forgetPaid(standings, now)
  const oldest = standings.keys().next()
  if (standings.size >= maxSources && !oldest.done) standings.delete(oldest.value)
  standings.set(source, standing)
}

function forgetPaid(standings: Map<string, Standing>, now: number): void {
  for (const [source, { debtPaidAt, vouchedUntil }] of standings)
    if (debtPaidAt <= now && vouchedUntil <= now) standings.delete(source)
}
