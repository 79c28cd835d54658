// Publishes a document root from scratch: hard links of its files in edge/ or ruled/ of the release, compressed variants beside them.
// What the release before has with the same content is linked from there, so that its ETag and its variants are kept.
import { copyFile, link, lstat, mkdir, rm } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { dirname } from 'node:path/posix'
import { hasErrorCode } from '../../lib/files.ts'
import { toBytes } from './byte-string.ts'
import { compressAll } from './compress.ts'
import type { Compressible } from './compress-file.ts'
import { forEachConcurrently } from './concurrently.ts'
import { extensionOf } from './media-types.ts'
import type { Partition } from './partition.ts'
import { isVariant, parts } from './published-names.ts'
import { type Earlier, findSame } from './earlier.ts'
import { type DocumentRoot, type Seen, type ServedFile, walk } from './walk.ts'

export interface Publication {
  readonly root: DocumentRoot
  /** The release, absolute (byte string). */
  readonly release: string
  readonly partition: Partition
  /** Extensions. */
  readonly compressible: ReadonlySet<string>
  readonly earlier?: Earlier
  readonly signal: AbortSignal
}

export interface Published {
  readonly seen: Seen
  readonly supplied: readonly string[]
}

export async function publishAll(publication: Publication): Promise<Published> {
  const seen: Seen = { links: 0, linksOut: 0, programs: 0, files: 0 }
  const supplied: string[] = []
  const uncompressed: Compressible[] = []
  await makeParts(publication.release)
  await forEachConcurrently(walk(publication.root, seen), async (file) => {
    if (isVariant(file.path)) supplied.push(file.path)
    uncompressed.push(...(await publishFile(file, publication)))
  })
  await compressAll(uncompressed, publication.signal)
  return { seen, supplied }
}

export async function makeParts(release: string): Promise<void> {
  for (const part of parts) await mkdir(toBytes(`${release}/${part}`), { recursive: true, mode: 0o755 })
}

/** Links one file into its part; returns it when it is still to be compressed. */
export async function publishFile(file: ServedFile, publication: Publication): Promise<Compressible[]> {
  const { root, release, partition, earlier } = publication
  const source = `${root.path}/${file.source}`
  const target = `${release}/${partition(file.path)}/${file.path}`
  const stats = await lstat(toBytes(source))
  const same = earlier && (await findSame(earlier, { path: file.path, source, stats }))
  await linkFile(same?.path ?? source, target)
  if (!isCompressible(file.path, stats, publication)) return []
  for (const [suffix, variant] of same?.variants ?? []) await linkFile(variant, target + suffix)
  return same?.complete === true ? [] : [{ path: target, size: stats.size, mtime: stats.mtime }]
}

function isCompressible(path: string, stats: Stats, { compressible }: Publication): boolean {
  return stats.size > 0 && compressible.has(extensionOf(path))
}

/** link(2), making folders as needed. What stands there already (a variant that was supplied) stays, but for an empty folder left by a change. */
async function linkFile(from: string, to: string): Promise<void> {
  try {
    await link(toBytes(from), toBytes(to))
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) await linkIntoNewFolder(from, to)
    else await linkDespite(error, from, to)
  }
}

async function linkIntoNewFolder(from: string, to: string): Promise<void> {
  await mkdir(toBytes(dirname(to)), { recursive: true, mode: 0o755 })
  await link(toBytes(from), toBytes(to)).catch((error: unknown) => linkDespite(error, from, to))
}

async function linkDespite(error: unknown, from: string, to: string): Promise<void> {
  if (hasErrorCode(error, 'EEXIST')) await replaceFolder(from, to)
  else if (hasErrorCode(error, 'EMLINK') || hasErrorCode(error, 'EXDEV')) await copyFile(toBytes(from), toBytes(to))
  else throw error
}

async function replaceFolder(from: string, to: string): Promise<void> {
  if (!(await lstat(toBytes(to))).isDirectory()) return
  await rm(toBytes(to), { recursive: true })
  await linkFile(from, to)
}
