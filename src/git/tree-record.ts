// <tree>.json beside an exported tree: which commit it is and how much is in it, so that the next export can start from it without listing it.
import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { objectIdSchema } from './object-id.ts'
import type { ExportedTree } from './types.ts'

const contentsSchema = z.strictObject({
  files: z.int().nonnegative(),
  symlinks: z.int().nonnegative(),
  /** Without the root. */
  directories: z.int().nonnegative(),
  /** Of files, and of the targets of symbolic links. */
  bytes: z.int().nonnegative(),
})

const recordSchema = z.strictObject({
  commit: objectIdSchema,
  contents: contentsSchema,
  /** Symbolic links of the commit that were left out: path (byte string) and size. */
  skipped: z.array(z.tuple([z.string(), z.int().nonnegative()])),
})

/** What lies in a tree on disk, counted. */
export type Contents = z.infer<typeof contentsSchema>
export type TreeRecord = z.infer<typeof recordSchema>

export function writeRecord(tree: string, record: TreeRecord): void {
  writeFileSync(`${tree}.json`, JSON.stringify(record))
}

/** Undefined when there is none, or it is damaged. */
export function findRecord(tree: string): TreeRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(`${tree}.json`, 'utf8')))
  } catch {
    return undefined
  }
}

export function sameContents(a: Contents, b: Contents): boolean {
  return a.files === b.files && a.symlinks === b.symlinks && a.directories === b.directories && a.bytes === b.bytes
}

/** Of the whole commit, what was left out among it. */
export function totalBytes({ contents, skipped }: Pick<TreeRecord, 'contents' | 'skipped'>): number {
  return skipped.reduce((sum, [, size]) => sum + size, contents.bytes)
}

export function describe(record: TreeRecord): ExportedTree {
  const { contents, skipped } = record
  return {
    files: contents.files + contents.symlinks,
    bytes: totalBytes(record),
    skipped: skipped.map(([path]) => `${Buffer.from(path, 'latin1').toString()}: ${whyLeftOut}`),
  }
}

const whyLeftOut = 'a symbolic link that might lead out of the repository'
