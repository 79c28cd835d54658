// Opens Git over HTTPS at its host name, or says why not. Its certificate is one of the platform's own, like any other.
import { gitHost } from '../../access/platform-names.ts'
import { placeForHost } from '../../deploy/platform-host.ts'
import type { Parts } from '../../deploy/parts.ts'
import { type HttpsDoorParts, startHttpsDoor } from './door.ts'

/** After start-up's clean-up, which takes everything of an earlier run away. @returns what closes it */
export async function startGitHost(
  parts: Pick<Parts, 'config' | 'store' | 'edge' | 'certificates' | 'log'>,
  door: HttpsDoorParts,
): Promise<() => Promise<void>> {
  const host = gitHost(parts.config)
  if (host === undefined) return nothingToClose
  if ((await parts.store.sites.findByDomain(host)) !== undefined) {
    parts.log.warn({ host }, 'Git over HTTPS is not offered: its host name is that of a site')
    return nothingToClose
  }
  await parts.certificates.want('platform', host)
  return await startHttpsDoor(await placeForHost(host, parts), door)
}

function nothingToClose(): Promise<void> {
  return Promise.resolve()
}
