// Opens Git over HTTPS at its host name, or says why not.
import { gitHost } from '../../access/platform-names.ts'
import { placeForHost } from '../../deploy/platform-host.ts'
import type { Parts } from '../../deploy/parts.ts'
import type { HostName } from '../../names/host-name.ts'
import { type HttpsDoorParts, startHttpsDoor } from './door.ts'

interface GitHost {
  /** Undefined where Git over HTTPS is not offered. */
  readonly host: HostName | undefined
  close(): Promise<void>
}

/** After start-up's clean-up, which takes everything of an earlier run away. */
export async function startGitHost(
  parts: Pick<Parts, 'config' | 'store' | 'edge' | 'log'>,
  door: HttpsDoorParts,
): Promise<GitHost> {
  const host = gitHost(parts.config)
  if (host === undefined) return notOffered
  if ((await parts.store.sites.findByDomain(host)) !== undefined) {
    parts.log.warn({ host }, 'Git over HTTPS is not offered: its host name is that of a site')
    return notOffered
  }
  const close = await startHttpsDoor(await placeForHost(host, parts), door)
  return { host, close }
}

const notOffered: GitHost = { host: undefined, close: () => Promise.resolve() }
