// Unpacks what a build made: a tar stream of a tenant's. Only folders, regular files, hard links among them, and symbolic links that stay inside.
// Attacks kept out: names with ".." or a leading slash, writing through a link (links are made last), devices, set-user-ID bits, bombs.
import type { FileHandle } from 'node:fs/promises'
import { link, mkdir, open, symlink } from 'node:fs/promises'
import { dirname } from 'node:path/posix'
import { extract, type Header } from 'tar-stream'
import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { hasErrorCode } from '../../lib/files.ts'
import { fromText, toBytes } from './byte-string.ts'

export interface ExtractLimits {
  readonly maxEntries: number
  readonly maxBytes: number
}

/** An option that the library's types don't know. */
const byteNames: object = { filenameEncoding: 'latin1' }

const defaultLimits: ExtractLimits = { maxEntries: 300_000, maxBytes: 8 * 1024 ** 3 }
/** Of the build, never of the site. */
const skipped = /^(node_modules|\.git)(\/|$)/

interface Extraction {
  /** Absolute (byte string); exists and is empty. */
  readonly directory: string
  readonly limits: ExtractLimits
  readonly links: { path: string; target: string }[]
  entries: number
  bytes: number
}

/**
 * @param directory absolute, made by the caller, empty (byte string)
 * @throws HostingError too-large
 */
export async function extractTree(
  tar: NodeJS.ReadableStream,
  directory: string,
  limits: ExtractLimits = defaultLimits,
): Promise<void> {
  const extraction: Extraction = { directory, limits, links: [], entries: 0, bytes: 0 }
  const entries = extract(byteNames)
  tar.on('error', (error) => entries.destroy(error instanceof Error ? error : new Error(String(error))))
  for await (const entry of tar.pipe(entries)) {
    await extractEntry(extraction, entry.header, entry)
    entry.resume()
  }
  for (const { path, target } of extraction.links) await makeLink(directory, path, target)
}

async function extractEntry(extraction: Extraction, header: Header, content: AsyncIterable<unknown>): Promise<void> {
  const path = cleanName(nameOf(header))
  if (path === undefined || path === '' || skipped.test(path)) return
  count(extraction, header)
  const target = `${extraction.directory}/${path}`
  if (header.type === 'directory') await makeFolder(target)
  else if (header.type === 'file' || header.type === 'contiguous-file') await writeContent(target, content)
  else if (header.type === 'symlink') extraction.links.push({ path, target: linkNameOf(header) })
  else if (header.type === 'link') await makeHardLink(extraction, target, linkNameOf(header))
}

const paxSchema = z.looseObject({ path: z.string().optional(), linkpath: z.string().optional() }).nullish()

/** pax headers are decoded as UTF-8 by the library, the others as bytes: as asked. */
function nameOf({ name, pax }: Header): string {
  return paxSchema.parse(pax)?.path === undefined ? name : fromText(name)
}

function linkNameOf({ linkname, pax }: Header): string {
  return paxSchema.parse(pax)?.linkpath === undefined ? linkname : fromText(linkname)
}

/** Undefined for a name that would lead out. */
function cleanName(name: string): string | undefined {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  return name.startsWith('/') || name.includes('\0') || parts.includes('..') ? undefined : parts.join('/')
}

function count(extraction: Extraction, { size }: Header): void {
  extraction.entries++
  extraction.bytes += size
  const { maxEntries, maxBytes } = extraction.limits
  if (extraction.entries <= maxEntries && extraction.bytes <= maxBytes) return
  throw new HostingError('too-large', 'The build made more files, or larger ones, than a release may have', {
    hint: `At most ${maxEntries} files and ${Math.round(maxBytes / 1024 ** 2)} MB are kept; have the build remove what is not published.`,
  })
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(toBytes(path), { recursive: true, mode: 0o755 }).catch((error: unknown) => {
    if (!hasErrorCode(error, 'EEXIST') && !hasErrorCode(error, 'ENOTDIR')) throw error
  })
}

async function writeContent(path: string, content: AsyncIterable<unknown>): Promise<void> {
  await makeFolder(dirname(path))
  const file = await openNew(path)
  if (file === undefined) return
  await using handle = file
  for await (const chunk of content) await handle.write(z.instanceof(Uint8Array).parse(chunk))
}

/** The first of two entries with one name stays, a file in a folder's place likewise: never through what is there. */
async function openNew(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(toBytes(path), 'wx', 0o644)
  } catch (error) {
    if (['EEXIST', 'ENOTDIR', 'EISDIR'].some((code) => hasErrorCode(error, code))) return undefined
    throw error
  }
}

async function makeHardLink({ directory }: Extraction, path: string, target: string): Promise<void> {
  const inside = cleanName(target)
  if (inside === undefined || inside === '') return
  await makeFolder(dirname(path))
  await link(toBytes(`${directory}/${inside}`), toBytes(path)).catch(ignoreImpossible)
}

/** Only "../" at the start, and no more than there are folders above: then it stays inside whatever the links on the way are. */
async function makeLink(directory: string, path: string, target: string): Promise<void> {
  const up = /^(?:\.\.\/)*/.exec(target)?.[0] ?? ''
  const rest = target.slice(up.length).split('/')
  const depth = path.split('/').length - 1
  if (target.startsWith('/') || rest.includes('..') || up.length / 3 > depth) return
  await makeFolder(dirname(`${directory}/${path}`))
  await symlink(toBytes(target), toBytes(`${directory}/${path}`)).catch(ignoreImpossible)
}

function ignoreImpossible(error: unknown): void {
  if (!['EEXIST', 'ENOENT', 'ENOTDIR', 'EPERM', 'ENAMETOOLONG'].some((code) => hasErrorCode(error, code))) throw error
}
