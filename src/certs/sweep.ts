// Makes the disk, the tree and the zone say what the database says: at start-up, and now and then.
import { tidyUp } from './issue.ts'
import type { CertParts } from './parts.ts'
import { dayMs, hourMs } from './plan/renewal.ts'
import { longestWindowMs } from './plan/limits.ts'

/** No CA is obeyed longer than seven days (plan/back-off.ts): a try that is planned for later was planned by a clock that was wrong. */
const longestWaitMs = 8 * dayMs

/** At start-up: every name is served with the certificate that the database names, and no other. */
export async function restoreServed({ store, tls, files }: CertParts): Promise<void> {
  const actual = await tls.list()
  for (const { name, certificate_id } of await store.wantedNames.list()) {
    if (certificate_id === null) continue
    const serves = actual.get(name)
    actual.delete(name)
    if (!(await files.has(certificate_id)))
      await store.wantedNames.update([name], { next_at: new Date(0).toISOString() })
    else if (serves !== certificate_id) await tls.serve(name, certificate_id)
  }
  for (const name of actual.keys()) await tls.withdraw(name)
}

/** What crashes and destroyed sites have left. */
export async function sweep(parts: CertParts & { signal: AbortSignal }): Promise<void> {
  const { store, files, tokens, clock } = parts
  const now = clock.now().getTime()
  await tokens.sweep(new Date(now - dayMs))
  await store.acme.forgetEventsBefore(new Date(now - longestWindowMs))
  const orders = await store.acme.orders()
  for (const row of orders) if (Date.parse(row.created_at) < now - dayMs) await tidyUp(row, parts)
  await store.wantedNames.hasten(new Date(now + longestWaitMs))
  await store.certificates.removeUnusedBefore(new Date(now - hourMs))
  const known = [...(await store.certificates.list()).map(({ id }) => id), ...orders.map((row) => row.certificate_id)]
  await files.sweep(new Set(known), new Date(now - hourMs))
  await removeAddresses(parts)
}

/** Of names that the platform has set in its zone and that nobody wants any more. One that fails is tried again the next time. */
export async function removeAddresses({
  store,
  records,
  log,
  signal,
}: CertParts & { signal: AbortSignal }): Promise<void> {
  if (records.zone === undefined) return
  for (const name of await store.acme.staleDnsNames()) {
    try {
      if (records.inZone(name)) await records.zone.removeAddresses(name, signal)
      await store.acme.removeDnsName(name)
    } catch (error) {
      signal.throwIfAborted()
      log.warn({ err: error, name }, 'the addresses of a name that is gone could not be removed from the zone')
    }
  }
}
