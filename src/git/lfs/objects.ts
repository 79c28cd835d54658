// Large files of repositories: lfs/<site>/<first two>/<oid>, named by their SHA-256, which is checked while they come in. A file is there
// whole or not at all: written beside, flushed, renamed, and only then in the database, which says what counts.
import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Config } from '../../config/load.ts'
import { type Home, lfsPath } from '../../config/home.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { absentAsUndefined, ensureDirectory, removeTree, syncDirectory } from '../../lib/files.ts'
import { createId } from '../../lib/id.ts'
import { Turns } from '../../lib/turns.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'
import type { LfsObject } from './pointer.ts'

export interface LfsParts {
  readonly config: Pick<Config, 'home' | 'lfs-mb'>
  readonly store: Pick<Store, 'lfsObjects'>
  /** Tests kill the process here. */
  readonly onStep?: (step: string) => void
}

export type OwnerOfLarge = Pick<Site, 'id' | 'name'>

export interface LfsObjects {
  /** Those of them that the site has. */
  present(site: OwnerOfLarge, objects: readonly LfsObject[]): Promise<ReadonlySet<string>>
  /** A push is about to refer to them: they stay for now, also those that nothing refers to yet. */
  want(site: OwnerOfLarge, oids: readonly string[]): Promise<void>
  /** Takes away what nothing needs and no push has asked for since. @returns how many */
  prune(site: OwnerOfLarge, unneeded: Unneeded): Promise<number>
  /** Bytes that the site may still bring. */
  room(site: OwnerOfLarge): Promise<number>
  /** @throws HostingError quota-exceeded, too-large, invalid-request when the content is not what its id says */
  receive(site: OwnerOfLarge, object: LfsObject, content: Readable): Promise<void>
  /** Whether the site has any. */
  isUsed(site: OwnerOfLarge): Promise<boolean>
  /** Where the content of an object that is present is. */
  pathOf(site: Pick<OwnerOfLarge, 'name'>, oid: string): string
}

export interface Unneeded {
  readonly needed: ReadonlySet<string>
  /** What was wanted later is kept. */
  readonly since: Date
  readonly signal: AbortSignal
}

export function createLfsObjects(parts: LfsParts): LfsObjects {
  const { config, store } = parts
  /** What is coming in counts already: ten at once must not each find the room for one. */
  const coming = new Map<number, number>()
  /** By site: a file and its row come one after the other, and so do they go. Nothing may come between. */
  const turns = new Turns<number>()
  const quota = config['lfs-mb'] * 1024 * 1024
  const room = async ({ id }: OwnerOfLarge) => {
    const stored = await store.lfsObjects.bytesOf(id)
    return quota - stored - (coming.get(id) ?? 0)
  }
  const pathOf = ({ name }: Pick<Site, 'name'>, oid: string) => join(lfsPath(config.home, name), oid.slice(0, 2), oid)
  return {
    room,
    pathOf,
    isUsed: ({ id }) => store.lfsObjects.hasAny(id),
    want: ({ id }, oids) => store.lfsObjects.want(id, oids),
    prune: (site, unneeded) => prune(site, unneeded, { ...parts, turns, pathOf }),
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
      // In this order: what is found then stays.
      await store.lfsObjects.want(site.id, [object.oid])
      if ((await store.lfsObjects.find(site.id, object.oid)) !== undefined) return void content.resume()
      const stored = await store.lfsObjects.bytesOf(site.id)
      // From here to where it is counted nothing else runs.
      if (object.size > quota - stored - (coming.get(site.id) ?? 0)) throw noRoom(site, quota)
      coming.set(site.id, (coming.get(site.id) ?? 0) + object.size)
      try {
        const place = {
          ...{ directory: lfsPath(config.home, site.name), path: pathOf(site, object.oid), onStep: parts.onStep },
          inTurn: (work: () => Promise<void>) => turns.take(site.id, work),
          enter: () => store.lfsObjects.add(site.id, object.oid, object.size),
        }
        await keep(object, content, place)
      } finally {
        coming.set(site.id, (coming.get(site.id) ?? 0) - object.size)
      }
    },
  }
}

interface Pruning extends LfsParts {
  readonly turns: Turns<number>
  readonly pathOf: LfsObjects['pathOf']
}

async function prune(
  site: OwnerOfLarge,
  { needed, since, signal }: Unneeded,
  { config, store, onStep, turns, pathOf }: Pruning,
): Promise<number> {
  let pruned = 0
  const remove = async (oid: string) => {
    if (!(await store.lfsObjects.removeUnwanted(site.id, oid, since))) return
    onStep?.('lfs:forgotten')
    await rm(pathOf(site, oid), { force: true })
    pruned++
  }
  const removeLost = async (oid: string) => {
    if ((await store.lfsObjects.find(site.id, oid)) === undefined) await rm(pathOf(site, oid), { force: true })
  }
  for (const oid of await store.lfsObjects.unwantedSince(site.id, since)) {
    signal.throwIfAborted()
    if (!needed.has(oid)) await turns.take(site.id, () => remove(oid))
  }
  for (const oid of await filesBefore(lfsPath(config.home, site.name), since)) {
    signal.throwIfAborted()
    await turns.take(site.id, () => removeLost(oid))
  }
  return pruned
}

/** What a crash has cut off. Before the doors open. */
export async function removeUnfinished({ lfs }: Pick<Home, 'lfs'>): Promise<void> {
  for (const site of (await absentAsUndefined(readdir(lfs))) ?? []) await removeTree(join(lfs, site, 'incoming'))
}

/** Of a crash between a file and its row, whichever way. */
async function filesBefore(directory: string, time: Date): Promise<string[]> {
  const found: string[] = []
  for (const folder of (await absentAsUndefined(readdir(directory))) ?? []) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue
    for (const oid of await readdir(join(directory, folder))) {
      const stats = await absentAsUndefined(stat(join(directory, folder, oid)))
      if (stats !== undefined && stats.mtimeMs < time.getTime()) found.push(oid)
    }
  }
  return found
}

interface Place {
  readonly directory: string
  readonly path: string
  readonly onStep: LfsParts['onStep']
  readonly inTurn: (work: () => Promise<void>) => Promise<void>
  /** Makes it count. */
  readonly enter: () => Promise<unknown>
}

async function keep(
  object: LfsObject,
  content: Readable,
  { directory, path, onStep, inTurn, enter }: Place,
): Promise<void> {
  const incoming = join(directory, 'incoming')
  await ensureDirectory(incoming, 0o700)
  await ensureDirectory(dirname(path), 0o700)
  const beside = join(incoming, `${object.oid.slice(0, 16)}.${createId()}`)
  try {
    await using file = await open(beside, 'wx', 0o644)
    await write(object, content, file)
    onStep?.('lfs:written')
    await file.sync()
    await inTurn(async () => {
      await rename(beside, path)
      onStep?.('lfs:renamed')
      await syncDirectory(dirname(path))
      await enter()
    })
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
