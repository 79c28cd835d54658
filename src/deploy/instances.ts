// Instances as deploy/ sees them: their specification, their directory, their end.
import { chmod, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, instancePath, releasePath, siteLogPath } from '../config/home.ts'
import { ensureSiteLogs } from '../edge/access.ts'
import { ensureDirectory, removeTree } from '../lib/files.ts'
import { siteUid } from '../names/site-uid.ts'
import type { InstanceSpec } from '../runtime/runtime.ts'
import type { Site } from '../store/sites.ts'
import { appendAppLog } from './app-log.ts'
import type { Environment } from './environment.ts'
import type { Parts } from './parts.ts'
import { surroundingsOf } from './surroundings.ts'

export function uidOf({ id }: Pick<Site, 'id'>): number {
  return siteUid(id)
}

interface Placement {
  readonly instanceId: string
  /** Of the release, below releases/<site>/. */
  readonly directory: string
  readonly image: string
  /** The site's variables as they are to be; left out: as they are stored. */
  readonly environment?: Environment | undefined
}

export async function instanceSpec(site: Site, placement: Placement, parts: Parts): Promise<InstanceSpec> {
  const { config } = parts
  return {
    ...(await surroundingsOf(site, placement, parts)),
    id: placement.instanceId,
    site: site.name,
    image: placement.image,
    uid: uidOf(site),
    releaseDirectory: releasePath(config.home, site.name, placement.directory),
    instanceDirectory: join(instancePath(config.home, placement.instanceId), 'run'),
    limits: { memoryMb: config['instance-memory-mb'], cpus: config['instance-cpus'], pids: config['instance-pids'] },
  }
}

/** Makes instances/<id>/ with what nginx follows from there, and the directories it leads to. */
export async function makeInstanceDirectory(
  home: Home,
  spec: Pick<InstanceSpec, 'id' | 'site' | 'releaseDirectory' | 'instanceDirectory'>,
): Promise<void> {
  const directory = instancePath(home, spec.id)
  await ensureDirectory(directory, 0o711)
  await mkdir(spec.instanceDirectory, { recursive: true })
  // The instance runs as its site's uid; who else may come here is decided by the directory above (edge/access.ts).
  await chmod(spec.instanceDirectory, 0o777)
  await ensureSiteLogs(home, spec.site)
  await Promise.all([
    ensureSymlink(join(directory, 'edge'), join('../..', spec.releaseDirectory.slice(home.root.length), 'edge')),
    ensureSymlink(join(directory, 'log'), join('../..', siteLogPath(home, spec.site).slice(home.root.length))),
  ])
}

/** Ends an instance and removes everything of it; its last output goes to the site's log. */
export async function discardInstance(id: string, parts: Parts): Promise<void> {
  await archiveLog(id, parts)
  await parts.runtime.remove(id)
  await removeTree(instancePath(parts.config.home, id))
  await parts.store.instances.remove(id)
}

async function archiveLog(id: string, { store, config, runtime, log }: Parts): Promise<void> {
  const row = await store.instances.find(id)
  if (row === undefined) return
  const site = await store.sites.get(row.site_id)
  try {
    const lines = await Array.fromAsync(runtime.logs(id, { tail: 5000 }))
    await appendAppLog(join(siteLogPath(config.home, site.name), 'app.log'), lines)
  } catch (error) {
    log.warn({ err: error, instance: id }, 'the log of an ended instance could not be kept')
  }
}

async function ensureSymlink(path: string, target: string): Promise<void> {
  await symlink(target, path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
}
