// Compares what the repository holds for storage with what storage has there: files by content, links by where they lead.
import type { FileHandle } from 'node:fs/promises'
import type { Directory } from '../../lib/directory.ts'

export interface Comparison {
  readonly same: number
  readonly changed: number
  readonly missing: number
}

const nothing: Comparison = { same: 0, changed: 0, missing: 0 }
const chunkBytes = 64 * 1024

/** Files and links at and below a name; directories count by what is in them. */
export async function compareTrees(
  seeds: Directory,
  storage: Directory | undefined,
  name: string,
): Promise<Comparison> {
  const wanted = await seeds.stat(name)
  if (wanted === undefined) return nothing
  if (wanted.isDirectory()) return await compareDirectories(seeds, storage, name)
  const found = await storage?.stat(name)
  if (storage === undefined || found === undefined) return { ...nothing, missing: 1 }
  const same = wanted.isSymbolicLink()
    ? (await storage.target(name)) === (await seeds.target(name))
    : await sameFiles(seeds, storage, name)
  return same ? { ...nothing, same: 1 } : { ...nothing, changed: 1 }
}

async function compareDirectories(seeds: Directory, storage: Directory | undefined, name: string): Promise<Comparison> {
  await using inSeeds = await seeds.directory(name)
  await using inStorage = await storage?.directory(name)
  let sum = nothing
  for (const inner of (await inSeeds?.names()) ?? []) {
    if (inSeeds === undefined) continue
    const { same, changed, missing } = await compareTrees(inSeeds, inStorage, inner)
    sum = { same: sum.same + same, changed: sum.changed + changed, missing: sum.missing + missing }
  }
  return sum
}

async function sameFiles(seeds: Directory, storage: Directory, name: string): Promise<boolean> {
  await using one = await seeds.file(name)
  await using other = await storage.file(name)
  if (one === undefined || other === undefined) return false
  const [a, b] = [await one.stat(), await other.stat()]
  if (a.size !== b.size) return false
  // As it was sown.
  return Math.floor(a.mtimeMs / 1000) === Math.floor(b.mtimeMs / 1000) || (await sameContent(one, other))
}

async function sameContent(one: FileHandle, other: FileHandle): Promise<boolean> {
  const [a, b] = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)]
  for (let position = 0; ; ) {
    const read = await one.read(a, 0, chunkBytes, position)
    await other.read(b, 0, chunkBytes, position)
    if (read.bytesRead === 0) return true
    if (!a.subarray(0, read.bytesRead).equals(b.subarray(0, read.bytesRead))) return false
    position += read.bytesRead
  }
}
