// How names stand, in the words of the contract (types.ts).
import type { CertificateRow } from '../store/certificates.ts'
import type { Store } from '../store/store.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { namesOf } from './order-row.ts'
import type { CertificateFacts, CertificateStatus, ExpiringCertificate } from './types.ts'

export async function statusesOf(
  rows: readonly WantedName[],
  { certificates }: Pick<Store, 'certificates'>,
): Promise<CertificateStatus[]> {
  const ids = new Set(rows.flatMap(({ certificate_id }) => certificate_id ?? []))
  const found = await Promise.all([...ids].map((id) => certificates.find(id)))
  const byId = new Map(found.flatMap((each) => (each === undefined ? [] : [[each.id, each] as const])))
  return rows.map((row) => statusOf(row, row.certificate_id === null ? undefined : byId.get(row.certificate_id)))
}

function statusOf(row: WantedName, certificate: CertificateRow | undefined): CertificateStatus {
  const state = certificate === undefined ? 'waiting' : row.reason === null ? 'serving' : 'failing'
  // The plan of one that serves; the next try of one whose renewal fails.
  const next = state === 'serving' && row.next_at !== null ? (row.renew_at ?? row.next_at) : row.next_at
  return {
    name: row.name,
    state,
    ...(certificate === undefined ? {} : { certificate: factsOf(certificate) }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.record === null ? {} : { record: row.record }),
    ...(next === null ? {} : { nextTryAt: new Date(next) }),
  }
}

function factsOf(row: CertificateRow): CertificateFacts {
  return {
    id: row.id,
    source: row.source,
    names: namesOf(row),
    issuer: row.issuer,
    notBefore: new Date(row.not_before),
    notAfter: new Date(row.not_after),
  }
}

/** Those that end soon and that no plan takes care of: uploaded ones, and those whose renewal fails. */
export async function expiring(time: Date, { certificates, wantedNames }: Store): Promise<ExpiringCertificate[]> {
  const found = await certificates.troubledBefore(time)
  const told = await Promise.all(found.map(async (row) => ({ row, names: await wantedNames.servedBy(row.id) })))
  return told.flatMap(({ row, names }) => {
    // One that was given up (certs:remove) has a time for its renewal.
    const byHand = names.filter(({ renew_at }) => row.source === 'uploaded' && renew_at === null)
    const concerned = byHand.length > 0 ? byHand : names.filter(({ reason }) => reason !== null)
    if (row.site_id === null || concerned.length === 0) return []
    return {
      siteId: row.site_id,
      certificate: factsOf(row),
      renewal: byHand.length > 0 ? ('by-hand' as const) : ('failing' as const),
      names: concerned.map(({ name }) => name),
    }
  })
}
