// What is due for a group of names: serve what is there, renew what is old, order what is missing.
import { createId } from '../lib/id.ts'
import type { CertificateRow } from '../store/certificates.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { adopt } from './adopt.ts'
import { order, type Running } from './order.ts'
import type { CertParts } from './parts.ts'
import { isRenewalDue } from './renewal-due.ts'

/** @param force by hand: whatever the plan says */
export async function attend(
  group: readonly WantedName[],
  { signal, force = false, ...parts }: CertParts & { signal: AbortSignal; force?: boolean },
): Promise<void> {
  const certificate = await certificateOf(group, parts)
  const isPlanned = certificate !== undefined && !force && certificate.source !== 'uploaded'
  if (isPlanned && !(await isRenewalDue(group, certificate, { ...parts, signal }))) return
  const local = await parts.local?.issue(group.map(({ name }) => name))
  if (local !== undefined) {
    const id = createId(parts.clock.now())
    await parts.files.write(id, local)
    const siteId = group[0]?.site_id ?? null
    await adopt({ id, siteId, source: 'local', fullchain: local.fullchain, names: group, renewal: 'planned' }, parts)
    return
  }
  const { server } = parts
  const running: Running | undefined = server === undefined ? undefined : { ...parts, server, signal }
  if (running !== undefined) await order(group, certificate?.source === 'acme' ? certificate : undefined, running)
  else await nobodyToAsk(group, parts)
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

async function nobodyToAsk(group: readonly WantedName[], { store }: CertParts): Promise<void> {
  await store.wantedNames.update(
    group.map(({ name }) => name),
    {
      next_at: null,
      reason: 'No certificate authority is configured (acme-directory); a certificate can be uploaded.',
    },
  )
}
