// Publishes a document root as the release before has it, but for the paths that changed: all else is linked in one go.
// The outcome is that of publish.ts, file by file (a test compares the two).
import { lstat, rm } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { fromBytes, toBytes, toText } from './byte-string.ts'
import { compressAll } from './compress.ts'
import type { Compressible } from './compress-file.ts'
import { forEachConcurrently } from './concurrently.ts'
import { linkFrom } from './links-ahead.ts'
import { type Publication, type Published, publishFile } from './publish.ts'
import { isVariant, parts, variantSuffixes } from './published-names.ts'
import type { BuildRecord } from './record.ts'
import { visibility } from './visible.ts'

export interface Change {
  readonly record: BuildRecord
  /** Relative to the document root, byte strings. */
  readonly paths: readonly string[]
}

/** Below this many files, looking at each is as quick as starting cp. */
const minFiles = 20

/**
 * The paths below the document root to look at again; undefined when that can't be said, and all has to be.
 * @param changed relative to the tree
 * @param folder the document root relative to the tree (byte string), "." for the tree itself
 */
export function changesBelow(changed: readonly Buffer[], folder: string, record: BuildRecord): Change | undefined {
  if (record.files < minFiles || changed.length > record.files / 4 || record.links > 0) return undefined
  const prefix = folder === '.' ? '' : `${folder}/`
  const paths = changed.flatMap((bytes) => {
    const path = fromBytes(bytes)
    return path.startsWith(prefix) ? [path.slice(prefix.length)] : []
  })
  return { record, paths }
}

/** Undefined when a change turns out to be of a kind that needs a look at everything (a link, a program); nothing was done then. */
export async function republish(publication: Publication, change: Change): Promise<Published | undefined> {
  const files = await lookUp(publication, change)
  if (files === undefined || publication.earlier === undefined) return undefined
  const { release, earlier } = publication
  await linkFrom(toText(earlier.release), toText(release))
  await forEachConcurrently(files, ({ path }) => unpublish(release, path))
  const uncompressed: Compressible[] = []
  await forEachConcurrently(files, async ({ path, source }) => {
    if (source !== undefined) uncompressed.push(...(await publishFile({ path, source }, publication)))
  })
  await compressAll(uncompressed, publication.signal)
  return { seen: change.record, supplied: suppliedNow(change.record, files) }
}

/** A path to publish anew; without a source: not there any more. */
interface LookedUp {
  readonly path: string
  readonly source: string | undefined
}

function suppliedNow({ supplied }: BuildRecord, files: readonly LookedUp[]): string[] {
  const looked = new Set(files.map(({ path }) => path))
  const present = files.filter(({ path, source }) => source !== undefined && isVariant(path)).map(({ path }) => path)
  return [...supplied.filter((path) => !looked.has(path)), ...present]
}

async function lookUp({ root }: Publication, { paths }: Change): Promise<LookedUp[] | undefined> {
  const files: LookedUp[] = []
  for (const path of affected(paths)) {
    const shown = visibility(path, root.isRepository)
    if (shown === 'program') return undefined
    if (shown === 'hidden') continue
    const stats = await findStats(`${root.path}/${path}`)
    if (stats?.isSymbolicLink()) return undefined
    files.push({ path, source: stats?.isFile() ? path : await olderIndex(root.path, path) })
  }
  return files
}

/** A path, the file that it is a variant of, its variants, and the index.html that an index.htm stands in for. */
function affected(paths: readonly string[]): Set<string> {
  const bases = paths.flatMap((path) => [
    path,
    ...(isVariant(path) ? [path.slice(0, -3)] : []),
    ...(/(^|\/)index\.htm$/.test(path) ? [`${path}l`] : []),
  ])
  return new Set(bases.flatMap((path) => [path, ...variantSuffixes.map((suffix) => path + suffix)]))
}

async function olderIndex(root: string, path: string): Promise<string | undefined> {
  if (!/(^|\/)index\.html$/.test(path)) return undefined
  const older = path.slice(0, -1)
  return (await findStats(`${root}/${older}`))?.isFile() ? older : undefined
}

async function findStats(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(toBytes(path))
  } catch {
    return undefined
  }
}

async function unpublish(release: string, path: string): Promise<void> {
  for (const part of parts) {
    const target = `${release}/${part}/${path}`
    if ((await findStats(target))?.isFile()) await rm(toBytes(target))
  }
}
