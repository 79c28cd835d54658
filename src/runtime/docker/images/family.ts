// An image family: a folder below buildpacks/ with a Dockerfile, or `<folder>-<variant>` where the folder has a versions.json.
// Its image's tag is made of what is in the folder.
import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import { z } from 'zod'

export interface ContextFile {
  readonly path: string
  readonly executable: boolean
  readonly content: Buffer
}

export interface Family {
  readonly name: string
  /** Handed to its Dockerfile as VARIANT. */
  readonly variant?: string
  /** The Debian release that its Dockerfile builds on: that of its variant, else as its line `ARG BASE=hosting/base:SUITE` says. */
  readonly suite: string
  readonly files: readonly ContextFile[]
  readonly hash: string
}

/** @param name a folder, or a folder and a version of it: `php-8.2` */
export async function readFamily(buildpacksDirectory: string, name: string): Promise<Family> {
  const [folder = name, variant] = name.split(/-(?=\d)/)
  const files = await readFiles(join(buildpacksDirectory, folder))
  const suite = variant === undefined ? suiteOf(files) : suiteOfVariant(files, variant)
  const context = files.filter(({ path }) => !unbuilt.test(path))
  return { name, ...(variant === undefined ? {} : { variant }), suite, files: context, hash: hashOf(context) }
}

/** What no image is made of: a new version, or a line of docs, must not make the others anew. */
const unbuilt = /^(versions\.json|README\.md|apps\/.*)$/

/** Regular files only, in a fixed order, their modes reduced to what git keeps: the same checkout gives the same hash anywhere. */
async function readFiles(directory: string): Promise<ContextFile[]> {
  const names = await readdir(directory, { recursive: true })
  const files = await Promise.all(names.toSorted().map((path) => readContextFile(directory, path)))
  return files.filter((file) => file !== undefined)
}

async function readContextFile(directory: string, path: string): Promise<ContextFile | undefined> {
  const stats = await lstat(join(directory, path))
  if (!stats.isFile()) return undefined
  return { path, executable: (stats.mode & 0o100) !== 0, content: await readFile(join(directory, path)) }
}

function suiteOf(files: readonly ContextFile[]): string {
  const dockerfile = files.find((file) => file.path === 'Dockerfile')?.content.toString('utf8') ?? ''
  return /^ARG BASE=hosting\/base:([a-z]+)$/m.exec(dockerfile)?.[1] ?? 'bookworm'
}

const versionsSchema = z.array(z.looseObject({ version: z.string(), suite: z.string() }))

function suiteOfVariant(files: readonly ContextFile[], variant: string): string {
  const text = files.find(({ path }) => path === 'versions.json')?.content.toString('utf8') ?? '[]'
  const found = versionsSchema.parse(JSON.parse(text)).find(({ version }) => version === variant)
  if (found === undefined) throw new Error(`versions.json has no version ${variant}`)
  return found.suite
}

export function hashOf(files: readonly ContextFile[]): string {
  const hash = createHash('sha256')
  for (const { path, executable, content } of files) {
    hash.update(`${path}\0${executable ? 'x' : '-'}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

/** The build context as a tar stream; times are left at zero, so that Docker's cache compares contents. */
export function packContext(files: readonly ContextFile[]): Readable {
  const archive = pack()
  for (const { path, executable, content } of files) {
    archive.entry({ name: path, mode: executable ? 0o755 : 0o644, mtime: new Date(0) }, content)
  }
  archive.finalize()
  return Readable.from(archive)
}
