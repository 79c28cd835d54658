// Large files of repositories: lfs/<site>/<first two>/<oid>, named by their SHA-256, which is checked while they come in. A file is there
// whole or not at all: written beside, flushed, renamed, and only then in the database, which says what counts.
import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Config } from '../../config/load.ts'
import { type Home, lfsPath } from '../../config/home.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { absentAsUndefined, ensureDirectory, removeTree, syncDirectory } from '../../lib/files.ts'
import { createId } from '../../lib/id.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'
import type { LfsObject } from './pointer.ts'

export interface LfsParts {
  readonly config: Pick<Config, 'home' | 'lfs-mb'>
  readonly store: Pick<Store, 'lfsObjects'>
  /** Tests kill the process here. */
  readonly onStep?: (step: string) => void
}

export interface LfsObjects {
  /** Those of them that the site has. */
  present(site: Site, objects: readonly LfsObject[]): Promise<ReadonlySet<string>>
  /** Bytes that the site may still bring. */
  room(site: Site): Promise<number>
  /** @throws HostingError quota-exceeded, too-large, invalid-request when the content is not what its id says */
  receive(site: Site, object: LfsObject, content: Readable): Promise<void>
  /** Whether the site has any. */
  isUsed(site: Site): Promise<boolean>
  /** Where the content of an object that is present is. */
  pathOf(site: Pick<Site, 'name'>, oid: string): string
}

export function createLfsObjects(parts: LfsParts): LfsObjects {
  const { config, store } = parts
  /** What is coming in counts already: ten at once must not each find the room for one. */
  const coming = new Map<number, number>()
  const quota = config['lfs-mb'] * 1024 * 1024
  const room = async ({ id }: Site) => {
    const stored = await store.lfsObjects.bytesOf(id)
    return quota - stored - (coming.get(id) ?? 0)
  }
  const pathOf = ({ name }: Pick<Site, 'name'>, oid: string) => join(lfsPath(config.home, name), oid.slice(0, 2), oid)
  return {
    room,
    pathOf,
    isUsed: ({ id }) => store.lfsObjects.hasAny(id),
    async present(site, objects) {
      const rows = await store.lfsObjects.findAll(
        site.id,
        objects.map(({ oid }) => oid),
      )
      return new Set(rows.map(({ oid }) => oid))
    },
    async receive(site, object, content) {
      // Who leaves before anything is read is heard of when it is.
      content.on('error', () => undefined)
      if ((await store.lfsObjects.find(site.id, object.oid)) !== undefined) return void content.resume()
      const stored = await store.lfsObjects.bytesOf(site.id)
      // From here to where it is counted nothing else runs.
      if (object.size > quota - stored - (coming.get(site.id) ?? 0)) throw noRoom(site, quota)
      coming.set(site.id, (coming.get(site.id) ?? 0) + object.size)
      try {
        const directory = lfsPath(config.home, site.name)
        await keep(object, content, { directory, path: pathOf(site, object.oid), onStep: parts.onStep })
        await store.lfsObjects.add(site.id, object.oid, object.size)
      } finally {
        coming.set(site.id, (coming.get(site.id) ?? 0) - object.size)
      }
    },
  }
}

/** What a crash has cut off. Before the doors open. */
export async function removeUnfinished({ lfs }: Pick<Home, 'lfs'>): Promise<void> {
  for (const site of (await absentAsUndefined(readdir(lfs))) ?? []) await removeTree(join(lfs, site, 'incoming'))
}

interface Place {
  readonly directory: string
  readonly path: string
  readonly onStep: LfsParts['onStep']
}

async function keep(object: LfsObject, content: Readable, { directory, path, onStep }: Place): Promise<void> {
  const incoming = join(directory, 'incoming')
  await ensureDirectory(incoming, 0o700)
  await ensureDirectory(dirname(path), 0o700)
  const beside = join(incoming, `${object.oid.slice(0, 16)}.${createId()}`)
  try {
    await using file = await open(beside, 'wx', 0o644)
    await write(object, content, file)
    onStep?.('lfs:written')
    await file.sync()
    await rename(beside, path)
    onStep?.('lfs:renamed')
    await syncDirectory(dirname(path))
  } finally {
    await rm(beside, { force: true })
  }
}

async function write({ oid, size }: LfsObject, content: Readable, file: FileHandle): Promise<void> {
  const hash = createHash('sha256')
  let written = 0
  for await (const chunk of content as AsyncIterable<Buffer>) {
    written += chunk.length
    if (written > size) throw notWhatItSays(`more than the ${size} bytes that were announced`)
    hash.update(chunk)
    await file.writeFile(chunk)
  }
  if (written !== size) throw notWhatItSays(`${written} of ${size} bytes`)
  if (hash.digest('hex') !== oid) throw notWhatItSays('something else')
}

function notWhatItSays(what: string): HostingError {
  return new HostingError('invalid-request', `The content of a large file is not what its id says: ${what} came`, {
    hint: 'git lfs push again; git lfs fsck checks your own copy.',
  })
}

export function noRoom({ name }: Pick<Site, 'name'>, quota: number): HostingError {
  return new HostingError(
    'quota-exceeded',
    `Large files of ${name} may take ${quota / 1024 / 1024} MB, and there is no room for this one`,
    {
      hint: 'Whoever runs this server can raise lfs-mb.',
    },
  )
}
