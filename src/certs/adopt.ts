// From a certificate on the disk to the edge: the database first, since the tree is only its projection; then a handshake that proves it.
import type { AcmeOrder } from '../store/acme.ts'
import type { CertificateRow } from '../store/certificates.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { type CertificateContent, readCertificate } from './certificate.ts'
import { servedFingerprint } from './handshake.ts'
import type { CertParts } from './parts.ts'
import { fractionOf } from './plan/chance.ts'
import { hourMs, renewalTime } from './plan/renewal.ts'

export interface Adoption {
  readonly id: string
  readonly siteId: number | null
  readonly source: CertificateRow['source']
  readonly fullchain: string
  /** Those that are still wanted. */
  readonly names: readonly WantedName[]
  /** Undefined: renewed by hand. */
  readonly renewal: 'planned' | 'by-hand'
}

/** Its files are there. */
export async function adopt(adoption: Adoption, parts: CertParts): Promise<void> {
  const { store, onStep } = parts
  const { id, siteId, source, names } = adoption
  const content = readCertificate(adoption.fullchain)
  const renewAt = adoption.renewal === 'planned' ? renewalTime({ id, ...content }) : undefined
  const plan = {
    renew_at: renewAt?.toISOString() ?? null,
    next_at: firstLook(renewAt, adoption, parts)?.toISOString() ?? null,
  }
  await store.transaction(async (inside) => {
    await inside.certificates.add({ id, site_id: siteId, source, ...rowOf(content) })
    await inside.wantedNames.update(
      names.map(({ name }) => name),
      { certificate_id: id, reason: null, record: null, failures: 0, apart: 0, ...plan },
    )
  })
  onStep?.('after:adopted')
  for (const { name } of names) await serveWanted(name, id, parts)
  onStep?.('after:served')
  await verifyServed(names, content.fingerprint, parts)
  await removeReplaced(names, parts)
}

/** One that was given up, or got another certificate, while this one was being made: the database is right, whoever comes last. */
async function serveWanted(name: string, id: string, { store, tls }: CertParts): Promise<void> {
  await tls.serve(name, id)
  const wanted = (await store.wantedNames.find(name))?.certificate_id ?? undefined
  if (wanted === undefined) await tls.withdraw(name)
  else if (wanted !== id) await tls.serve(name, wanted)
}

/** Some hours later, not all at one time, a CA may have advice when to renew it (RFC 9773). */
function firstLook(renewAt: Date | undefined, { id, source }: Adoption, { clock }: CertParts): Date | undefined {
  if (renewAt === undefined || source !== 'acme') return renewAt
  const asked = clock.now().getTime() + (3 + 6 * fractionOf(id)) * hourMs
  return new Date(Math.min(renewAt.getTime(), asked))
}

function rowOf({ names, issuer, notBefore, notAfter, ariId }: CertificateContent) {
  return {
    names: JSON.stringify(names),
    issuer,
    not_before: notBefore.toISOString(),
    not_after: notAfter.toISOString(),
    ari_id: ariId,
  }
}

const verifyAgainMs = 10 * 60_000

/** A name that the edge serves with something else is said to, and looked at again. */
export async function verifyServed(
  names: readonly Pick<WantedName, 'name'>[],
  fingerprint: string,
  { store, clock, door, log }: CertParts,
): Promise<void> {
  if (door === undefined) return
  for (const { name } of names) {
    const served = await servedFingerprint(name, door)
    if (served === fingerprint) continue
    log.error({ name, served }, 'the edge does not serve the certificate it was given')
    await store.wantedNames.update([name], {
      reason: `The new certificate is there, but the edge ${served === undefined ? 'answers no handshake' : 'serves another one'} for ${name}.`,
      next_at: new Date(clock.now().getTime() + verifyAgainMs).toISOString(),
    })
  }
}

/** What served these names before and serves nothing any more. */
async function removeReplaced(names: readonly WantedName[], parts: CertParts): Promise<void> {
  const before = new Set(names.flatMap(({ certificate_id }) => certificate_id ?? []))
  for (const id of before) await removeUnserved(id, parts)
}

export async function removeUnserved(id: string, { store, files }: CertParts): Promise<void> {
  if ((await store.wantedNames.servedBy(id)).length > 0) return
  await store.certificates.remove(id)
  await files.remove(id)
}

/** The names of an order that are wanted still, by the site that it was for, and have not got a certificate by hand meanwhile. */
export async function stillWanted(
  row: Pick<AcmeOrder, 'site_id'>,
  names: readonly string[],
  { store }: Pick<CertParts, 'store'>,
): Promise<WantedName[]> {
  const found = await Promise.all(names.map((name) => store.wantedNames.find(name)))
  const wanted = found.filter((each) => each !== undefined).filter((each) => each.site_id === row.site_id)
  const byHand = await Promise.all(wanted.map((each) => isByHand(each, { store })))
  return wanted.filter((_, index) => byHand[index] !== true)
}

async function isByHand(
  { certificate_id, renew_at }: WantedName,
  { store }: Pick<CertParts, 'store'>,
): Promise<boolean> {
  if (certificate_id === null || renew_at !== null) return false
  return (await store.certificates.find(certificate_id))?.source === 'uploaded'
}
