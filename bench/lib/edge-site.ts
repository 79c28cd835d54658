// A site as a deploy leaves it at the edge: one file of 10 kB in its edge tree, and an instance that is to be started.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { instancePath, releasePath } from '../../src/config/home.ts'
import type { Config } from '../../src/config/load.ts'
import { ensureSiteLogs } from '../../src/edge/access.ts'
import type { NginxEdge } from '../../src/edge/nginx.ts'
import { createId } from '../../src/lib/id.ts'
import { type HostName, parseHostName } from '../../src/names/host-name.ts'

export interface EdgeSite {
  readonly host: HostName
  readonly release: string
  /** Of the instance. */
  readonly socket: string
}

const fileBytes = 10_240

export async function addEdgeSite(
  text: string,
  { config, edge }: { config: Config; edge: NginxEdge },
): Promise<EdgeSite> {
  const host = parseHostName(text)
  const id = createId()
  const release = releasePath(config.home, host, createId())
  const instance = instancePath(config.home, id)
  for (const path of [join(release, 'edge'), join(release, 'ruled'), join(instance, 'run')])
    await mkdir(path, { recursive: true })
  await writeFile(join(release, 'edge/file.html'), Buffer.alloc(fileBytes, 'abcdefgh'))
  await ensureSiteLogs(config.home, host)
  // As a deploy makes them: short targets lie in the inode itself, longer ones cost a block each time.
  await symlink(relative(instance, join(release, 'edge')), join(instance, 'edge'))
  await symlink(join('../../logs', host), join(instance, 'log'))
  await edge.routes.point(host, id)
  return { host, release, socket: join(config.home.link, 'instances', id, 'run/web.sock') }
}
