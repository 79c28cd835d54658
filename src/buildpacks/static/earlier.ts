// What the release before published, and whether a file of it can be used again.
import type { Stats } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { toBytes } from './byte-string.ts'
import { lstatIfAny } from './lstat-if-any.ts'
import { parts, variantSuffixes } from './published-names.ts'

export interface Earlier {
  /** Its directory, absolute (byte string). */
  readonly release: string
  /** Variants that its tree brought: they are not ours to take over. */
  readonly supplied: ReadonlySet<string>
}

interface Candidate {
  readonly path: string
  /** Absolute. */
  readonly source: string
  readonly stats: Stats
}

interface Same {
  readonly path: string
  /** Suffix and absolute path. */
  readonly variants: readonly (readonly [string, string])[]
  /** Whether there is no need to compress again. */
  readonly complete: boolean
}

const maxCompared = 16 * 1024 * 1024

/** The file that was published under the same path with the same content. */
export async function findSame(earlier: Earlier, candidate: Candidate): Promise<Same | undefined> {
  for (const part of parts) {
    const path = `${earlier.release}/${part}/${candidate.path}`
    const stats = await lstatIfAny(path)
    if (!stats?.isFile()) continue
    if (!(await isSame(stats, path, candidate))) return undefined
    const variants = await findVariants(earlier, path, candidate.path)
    const wasSupplied = variantSuffixes.some((suffix) => earlier.supplied.has(candidate.path + suffix))
    return { path, variants, complete: variants.length > 0 && !wasSupplied }
  }
  return undefined
}

/** Unchanged files of a commit are hard links already; those that a build made anew have to be compared. */
async function isSame(stats: Stats, path: string, { source, stats: wanted }: Candidate): Promise<boolean> {
  if (stats.ino === wanted.ino && stats.dev === wanted.dev) return true
  if (stats.size !== wanted.size || stats.size > maxCompared) return false
  const [left, right] = await Promise.all([readFile(toBytes(path)), readFile(toBytes(source))])
  return left.equals(right)
}

async function findVariants(earlier: Earlier, path: string, served: string): Promise<Same['variants']> {
  const found = await Promise.all(
    variantSuffixes.map(async (suffix) => {
      if (earlier.supplied.has(served + suffix)) return []
      return (await lstatIfAny(path + suffix)) === undefined ? [] : [[suffix, path + suffix] as const]
    }),
  )
  return found.flat()
}
