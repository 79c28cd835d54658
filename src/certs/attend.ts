// What is due for a group of names: serve what is there, renew what is old, order what is missing.
import { readFile } from 'node:fs/promises'
import { createId } from '../lib/id.ts'
import type { CertificateRow } from '../store/certificates.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { adopt, verifyServed } from './adopt.ts'
import { readCertificate } from './certificate.ts'
import { order, type Running } from './order.ts'
import type { CertParts } from './parts.ts'
import { isRenewalDue } from './renewal-due.ts'
import type { LocalAuthority } from './types.ts'

/** @param force by hand: whatever the plan says */
export async function attend(
  group: readonly WantedName[],
  { signal, force = false, ...parts }: CertParts & { signal: AbortSignal; force?: boolean },
): Promise<void> {
  const certificate = await certificateOf(group, parts)
  if (certificate?.source === 'uploaded' && group.every(({ renew_at }) => renew_at === null)) {
    await serveAgain(group, certificate, parts)
    return
  }
  const isPlanned = certificate !== undefined && !force && certificate.source !== 'uploaded'
  if (isPlanned && !(await isRenewalDue(group, certificate, { ...parts, signal }))) {
    // Something was wrong with it, with its renewal or with how it was served: the one is over, the other is looked at again.
    if (group.some(({ reason }) => reason !== null)) await checkServed(group, certificate, parts)
    return
  }
  const signed = group.filter(({ name }) => parts.local?.signsFor(name))
  if (parts.local !== undefined && signed.length > 0) await signLocally(signed, parts.local, parts)
  const others = group.filter((each) => !signed.includes(each))
  if (others.length === 0) return
  const { server } = parts
  const running: Running | undefined = server === undefined ? undefined : { ...parts, server, signal }
  if (running !== undefined) await order(others, certificate?.source === 'acme' ? certificate : undefined, running)
  else await nobodyToAsk(others, parts)
}

async function signLocally(group: readonly WantedName[], local: LocalAuthority, parts: CertParts): Promise<void> {
  const made = await local.issue(group.map(({ name }) => name))
  const id = createId(parts.clock.now())
  await parts.files.write(id, made)
  const siteId = group[0]?.site_id ?? null
  await adopt({ id, siteId, source: 'local', fullchain: made.fullchain, names: group, renewal: 'planned' }, parts)
}

/** One whose files are gone is none. */
async function certificateOf(
  group: readonly WantedName[],
  { store, files }: CertParts,
): Promise<CertificateRow | undefined> {
  const id = group[0]?.certificate_id
  if (id == null || !(await files.has(id))) return undefined
  return await store.certificates.find(id)
}

/** Nobody has given it up: there is no other to be had, but the edge may not have served it. */
async function serveAgain(group: readonly WantedName[], { id }: CertificateRow, parts: CertParts): Promise<void> {
  const names = group.map(({ name }) => name)
  await parts.store.wantedNames.update(names, { next_at: null, reason: null, record: null })
  for (const name of names) await parts.tls.serve(name, id)
  await checkServed(group, { id }, parts)
}

async function checkServed(group: readonly WantedName[], { id }: Pick<CertificateRow, 'id'>, parts: CertParts) {
  const { fingerprint } = readCertificate(await readFile(parts.files.fullchainOf(id), 'utf8'))
  await verifyServed(group, fingerprint, parts)
}

async function nobodyToAsk(group: readonly WantedName[], { store }: CertParts): Promise<void> {
  await store.wantedNames.update(
    group.map(({ name }) => name),
    {
      next_at: null,
      reason: 'No certificate authority is configured (acme-directory); a certificate can be uploaded.',
    },
  )
}
