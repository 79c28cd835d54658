// A program run for a site in a container of its own, which finds what an instance finds: the release at /site (read-only), the
// storage, the database's socket, the site's variables, its uid, network and limits. Release commands, `run`, `shell` and cron are such.
import { releasePath } from '../config/home.ts'
import { createId } from '../lib/id.ts'
import type { Mount, Surroundings, ToolSpec } from '../runtime/runtime.ts'
import type { Site } from '../store/sites.ts'
import type { Environment } from './environment.ts'
import { uidOf } from './instances.ts'
import { readManifest } from './manifest.ts'
import type { Parts } from './parts.ts'
import { surroundingsOf } from './surroundings.ts'

export interface OneOff {
  /** Of the release, below releases/<site>/. */
  readonly directory: string
  /** Left out: that of the release. */
  readonly image?: string
  /** Program and arguments, as they are: shellCommand() for a line that a shell is to read. */
  readonly command: readonly string[]
  /** The site's variables as they are to be; left out: as they are stored. */
  readonly environment?: Environment | undefined
}

/** As much as an instance has. */
const temporaryMb = 64

/** The program starts in the tree of the release. Its image may still have to be made: runtime.ensureImage tells how that gets on. */
export async function oneOffTool(site: Site, oneOff: OneOff, parts: Parts): Promise<ToolSpec> {
  const { config } = parts
  const release = releasePath(config.home, site.name, oneOff.directory)
  const image = oneOff.image ?? (await readManifest(release)).image
  const surroundings = await surroundingsOf(site, { image, environment: oneOff.environment }, parts)
  return {
    id: createId(),
    site: site.name,
    image,
    // Each image of instances has this program: it makes what the image's `start` makes for the server.
    command: ['one-off', ...oneOff.command],
    workingDirectory: '/site/tree',
    uid: uidOf(site),
    env: surroundings.env,
    mounts: mountsOf(release, surroundings),
    temporaryMb,
    limits: { memoryMb: config['instance-memory-mb'], cpus: config['instance-cpus'], pids: config['instance-pids'] },
    network: surroundings.network,
  }
}

/** A line of a Procfile or crontab, which may say `&&`, `$VARIABLE` and `>`. */
export function shellCommand(line: string): string[] {
  return ['bash', '-c', line]
}

function mountsOf(release: string, { storageDirectory, databaseDirectory, mailDirectory }: Surroundings): Mount[] {
  const mount = (source: string | undefined, target: string, access: Mount['access']): Mount[] =>
    source === undefined ? [] : [{ source, target, access }]
  return [
    ...mount(release, '/site', 'ro'),
    ...mount(storageDirectory, '/storage', 'rw'),
    ...mount(databaseDirectory, '/run/mysqld', 'ro'),
    ...mount(mailDirectory, '/run/mail', 'ro'),
  ]
}
