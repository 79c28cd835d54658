// An own certificate, checked by now: written whole, and served for those names of its site that it covers.
import { HostingError } from '../../errors/hosting-error.ts'
import { createId } from '../../lib/id.ts'
import { adopt } from '../adopt.ts'
import { readCertificate } from '../certificate.ts'
import { isDiskFull } from '../failure.ts'
import type { CertParts } from '../parts.ts'
import type { CertificateParts, SiteOfName } from '../types.ts'
import { isCovered } from './covering.ts'

/** @returns those names. @throws HostingError conflict, or unavailable when the disk is full: then what served before does so still */
export async function install(site: SiteOfName, given: CertificateParts, parts: CertParts): Promise<string[]> {
  const { names } = readCertificate(given.fullchain)
  const rows = (await parts.store.wantedNames.listOf(site.id)).filter(({ name }) => isCovered(name, names))
  if (rows.length === 0)
    throw new HostingError(
      'conflict',
      `The certificate is for ${names.join(', ')}, and ${site.name} has none of these names`,
      { hint: `domains ${site.name}` },
    )
  const id = createId(parts.clock.now())
  const renewal = given.source === 'local' ? 'planned' : 'by-hand'
  const adoption = {
    id,
    siteId: site.id,
    source: given.source,
    fullchain: given.fullchain,
    names: rows,
    renewal,
  } as const
  try {
    await parts.files.write(id, given)
    await adopt(adoption, parts)
  } catch (error) {
    throw isDiskFull(error) ? diskFull(error) : error
  }
  return rows.map(({ name }) => name)
}

function diskFull(cause: unknown): HostingError {
  return new HostingError('unavailable', 'The disk of the server is full: the certificate could not be stored', {
    hint: 'The one before serves on. Whoever runs the server has to make room on it; then send it again.',
    cause,
  })
}
