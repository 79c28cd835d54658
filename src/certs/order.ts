// One try to get one certificate for a group of names: the doctor, the CA's limits, the order, the edge. What fails is written to the
// names with its sentence and the next try; nothing is thrown but the end of the platform.
import { publicSuffixes } from '../names/public-suffix.ts'
import { createId } from '../lib/id.ts'
import { createLimit } from '../lib/limit.ts'
import type { AcmeOrder } from '../store/acme.ts'
import type { CertificateRow } from '../store/certificates.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { createKey } from './acme/keys.ts'
import type { AcmeServer } from './acme/server.ts'
import { adopt, stillWanted } from './adopt.ts'
import type { Published } from './challenges/publish.ts'
import type { Zone } from './dns/records.ts'
import { isBlocking } from './doctor/doctor.ts'
import { verdictOn, writeVerdict } from './failure.ts'
import { issue, tidyUp } from './issue.ts'
import { namesOf } from './order-row.ts'
import type { CertParts } from './parts.ts'
import { checksOf, eventsOf, limitSentence, limitsOf, type PlannedOrder, whenAllowed } from './plan/limits.ts'

export type Running = CertParts & { readonly server: AcmeServer; readonly signal: AbortSignal }
type Methods = ReadonlyMap<string, Published['method']>

/** @param certificate that serves them now and is to be renewed */
export async function order(
  group: readonly WantedName[],
  certificate: CertificateRow | undefined,
  running: Running,
): Promise<void> {
  const begun = await findBegun(group, running)
  const proven = begun !== undefined && hasBeenProven(begun)
  const { rows, methods } = proven
    ? { rows: group, methods: new Map<string, Published['method']>() }
    : await examined(group, running)
  if (rows.length === 0) return
  if (begun !== undefined && rows.length === group.length) {
    await carryOut(begun, methods, running)
    return
  }
  const row = await planned(rows, certificate, running).catch(async (error: unknown) => {
    await fail(rows, error, running)
    return undefined
  })
  if (row !== undefined) await carryOut(row, methods, running)
}

/** An order for the same names that a restart or a CA that was down has interrupted. */
async function findBegun(group: readonly WantedName[], { store }: Running): Promise<AcmeOrder | undefined> {
  const names = JSON.stringify(group.map(({ name }) => name).sort())
  return (await store.acme.orders()).find((row) => row.names === names)
}

function hasBeenProven({ step }: AcmeOrder): boolean {
  return step === 'finalized' || step === 'stored'
}

/** A certificate may have a hundred names, and name servers that don't answer take ten seconds for each. */
const examinedAtOnce = 10

/** Names that the doctor lets pass; the others are told why not. */
async function examined(group: readonly WantedName[], running: Running) {
  const { doctor, records, signal } = running
  const methods = new Map<string, Published['method']>()
  const examine = async (row: WantedName) => {
    const { name } = row
    try {
      if (records.zone !== undefined && records.inZone(name) && !(await setAddresses(name, records.zone, running))) {
        await writeVerdict([row], takenInZone(name, records.zone), running)
        return
      }
      const { findings, method } = await doctor.examine(name, signal)
      if (method !== undefined) methods.set(name, method)
      const finding = findings.find(isBlocking)
      if (finding !== undefined) await writeVerdict([row], refusal(name, finding), running)
    } catch (error) {
      await fail([row], error, running)
    }
  }
  const limit = createLimit(examinedAtOnce)
  await Promise.all(group.map((row) => limit(() => examine(row))))
  return { rows: group.filter(({ name }) => methods.has(name)), methods }
}

function refusal(name: string, { sentence, record }: { sentence: string; record?: string }) {
  return { sentence, record, names: [name], countsAsFailedValidation: false, keepsOrder: false }
}

/**
 * Only names that the platform has set are changed, and removed later: what somebody has put into the zone by hand is theirs. Set first and
 * written down then: a crash between the two leaves a record behind, where the other order could take one away.
 * @returns false when the name leads elsewhere, by records that are not the platform's
 */
async function setAddresses(name: string, zone: Zone, { own, signal, store }: Running): Promise<boolean> {
  const { addresses } = own()
  if (addresses.length === 0) return true
  if (await store.acme.hasDnsName(name)) await zone.replaceAddresses(name, addresses, signal)
  else if (await zone.claimAddresses(name, addresses, signal)) await store.acme.addDnsName(name)
  else return await zone.hasAddresses(name, addresses, signal)
  return true
}

function takenInZone(name: string, { name: zone }: Zone) {
  const sentence = `${name} has records in the zone ${zone} already, which the platform did not set and leaves as they are: whoever looks after the zone has to remove them.`
  return refusal(name, { sentence })
}

/** The row of an order that fits into the CA's limits, with what it counts as in the same transaction. */
async function planned(
  rows: readonly WantedName[],
  certificate: CertificateRow | undefined,
  running: Running,
): Promise<AcmeOrder | undefined> {
  const { store, sealing, clock, server } = running
  const names = rows.map(({ name }) => name).sort()
  const replaces = (await server.renewalInfoUrl(running.signal)) === undefined ? null : (certificate?.ari_id ?? null)
  const sameNames = certificate !== undefined && JSON.stringify(namesOf(certificate).sort()) === JSON.stringify(names)
  const plan: PlannedOrder = {
    directory: server.directory,
    names,
    registeredDomains: names.map(registeredDomainOf),
    renewal: replaces !== null ? 'ari' : sameNames ? 'same-names' : 'none',
  }
  const key = sealing.seal(await createKey())
  return await store.transaction(async (inside) => {
    const blocked = await firstBlocked(plan, { store: inside, clock })
    if (blocked !== undefined) {
      const retryAfterMs = blocked.at.getTime() - clock.now().getTime()
      const verdict = { sentence: blocked.sentence, names: [], countsAsFailedValidation: false, keepsOrder: false }
      await writeVerdict(rows, { ...verdict, retryAfterMs }, { ...running, store: { ...store, ...inside } })
      return undefined
    }
    const id = createId(clock.now())
    await inside.acme.addEvents(eventsOf(plan), id)
    const row: Omit<AcmeOrder, 'created_at'> = {
      id,
      site_id: rows[0]?.site_id ?? null,
      directory: server.directory,
      step: 'planned',
      names: JSON.stringify(names),
      url: null,
      key,
      certificate_id: createId(clock.now()),
      replaces,
      published: '[]',
    }
    await inside.acme.addOrder(row)
    return { ...row, created_at: clock.now().toISOString() }
  })
}

export function registeredDomainOf(name: string): string {
  const host = name.replace(/^\*\./, '')
  return publicSuffixes().registrable(host) ?? host
}

/** The limit that holds it up the longest. */
async function firstBlocked(
  plan: PlannedOrder,
  { store, clock }: Pick<Running, 'clock'> & { store: Pick<Running['store'], 'acme'> },
) {
  const limits = limitsOf(plan.directory)
  const now = clock.now()
  let blocked: { at: Date; sentence: string } | undefined
  for (const event of checksOf(plan)) {
    const limit = limits[event.kind]
    if (!Number.isFinite(limit.most)) continue
    const since = new Date(now.getTime() - limit.windowMs)
    const at = whenAllowed(limit, await store.acme.eventsSince(event, since), now)
    if (at !== undefined && (blocked === undefined || at > blocked.at))
      blocked = { at, sentence: limitSentence(event, limit) }
  }
  return blocked
}

/** Goes on with an order from wherever it is. */
export async function carryOut(row: AcmeOrder, methods: Methods, running: Running): Promise<void> {
  const { signal, onStep } = running
  onStep?.('after:planned')
  const methodOf = (name: string) => methods.get(name) ?? (isRecordOnly(name, running) ? 'dns-01' : 'http-01')
  try {
    const fullchain = await issue(row, { ...running, methodOf })
    const names = await stillWanted(row, namesOf(row), running)
    const adoption = { id: row.certificate_id, siteId: row.site_id, source: 'acme' as const, fullchain, names }
    if (names.length > 0) await adopt({ ...adoption, renewal: 'planned' }, running)
    else await running.files.remove(row.certificate_id)
    await tidyUp(row, running)
    await running.trouble.isOver().catch((error: unknown) => {
      running.log.warn({ err: error }, 'certificates: who waited for the certificate authority could not be woken')
    })
  } catch (error) {
    if (signal.aborted) throw error
    const rows = await stillWanted(row, namesOf(row), running)
    const verdict = await fail(rows, error, running)
    if (verdict.keepsOrder && rows.length > 0) return
    await running.store.acme.forgetEventsOf(row.id)
    await tidyUp(row, running)
  }
}

function isRecordOnly(name: string, { records }: Running): boolean {
  return name.startsWith('*.') || records.inZone(name)
}

async function fail(rows: readonly WantedName[], error: unknown, running: Running) {
  if (running.signal.aborted) throw error
  const names = rows.map(({ name }) => name)
  const verdict = verdictOn(error, (unexpected) => running.log.error({ err: unexpected, names }, 'an order failed'))
  const cause = error instanceof Error ? error.cause : undefined
  await writeVerdict(rows, verdict, { ...running, cause })
  return verdict
}
