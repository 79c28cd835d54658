// A host name of the platform's own: to the edge it is one more instance, whose socket is the platform's. Made at each start, after
// start-up has taken away what an earlier run made.
import { join } from 'node:path'
import { instancePath } from '../config/home.ts'
import { createId } from '../lib/id.ts'
import type { HostName } from '../names/host-name.ts'
import { makeInstanceDirectory } from './instances.ts'
import type { Parts } from './parts.ts'
import { socketPath } from './probe.ts'

/** Makes what the edge follows, as for an instance, and leads the route there. @returns the path of the socket to be made */
export async function placeForHost(
  host: HostName,
  { config: { home }, edge }: Pick<Parts, 'config' | 'edge'>,
): Promise<string> {
  const id = createId()
  const directory = instancePath(home, id)
  const place = { id, site: host, releaseDirectory: join(directory, 'site'), instanceDirectory: join(directory, 'run') }
  await makeInstanceDirectory(home, place)
  await edge.routes.point(host, id)
  return socketPath(home, id)
}
