// Writes a commit's tree into a fresh directory: unchanged files are hard links to those of the release before, the rest comes from the repository.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, systemClock } from '../lib/clock.ts'
import { type Blobs, openBlobs } from './blobs.ts'
import { type ChangedPath, changedPaths } from './changes.ts'
import { type ExportPlan, planExport } from './export-plan.ts'
import { createPace, type Pace } from './pace.ts'
import { staysInside } from './symlinks.ts'
import { type TreeWriter, treeWriter } from './tree-writer.ts'
import { listTree, type TreeLimits } from './tree.ts'
import type { ObjectSource, TreeEntry, TreeListing } from './types.ts'

export interface ExportRequest {
  readonly source: ObjectSource
  readonly commit: string
  /** Must not exist yet. After a failure it is the caller's to remove. */
  readonly into: string
  /**
   * An earlier export of `commit`, unchanged; parts of it may have been moved to the same place in another directory, of which the first that has
   * a file counts. Missing or damaged files are taken from the repository.
   */
  readonly previous?: { readonly directories: readonly string[]; readonly commit: string }
  readonly limits: TreeLimits
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

export interface ExportedTree {
  readonly files: number
  readonly bytes: number
  /** What differs from `previous`; undefined when that is unknown: there was none, its commit is gone, or its directory was damaged. */
  readonly changedPaths?: readonly Buffer[]
  /** Symbolic links that were left out because they might lead out of the tree: one line each, for people. */
  readonly skipped: readonly string[]
}

/** Larger blobs are not held in memory, and their writing leaves the event loop free. */
const maxWholeBytes = 256 * 1024

/** @throws HostingError too-large, invalid-tree */
export async function exportTree(request: ExportRequest): Promise<ExportedTree> {
  const { source, into, previous, signal, clock = systemClock } = request
  await using blobs = openBlobs(source, signal)
  const { listing, changes } = await readCommits(request)
  const plan = planExport(listing, changes)
  await mkdir(dirname(into), { recursive: true })
  const writer = treeWriter({
    into,
    previous: previous?.directories ?? [],
    now: Math.floor(clock.now().getTime() / 1000),
  })
  const pace = createPace(signal)
  await makeDirectories(listing, { writer, pace })
  const damaged = await linkUnchanged(plan, { writer, pace })
  const write = [...plan.write, ...damaged]
  blobs.request([...write, ...plan.symlinks])
  await writeFiles(write, { writer, pace, blobs })
  const skipped = [...plan.skipped, ...(await writeSymlinks(plan, { writer, blobs }))]
  return {
    files: listing.files.length - skipped.length,
    bytes: listing.bytes,
    skipped: skipped.map(({ path }) => `${path.toString()}: a symbolic link that might lead out of the repository`),
    ...(changes === undefined || damaged.length > 0 ? {} : { changedPaths: changes.map(({ path }) => path) }),
  }
}

interface CommitFacts {
  readonly listing: TreeListing
  readonly changes: readonly ChangedPath[] | undefined
}

/** Both at once: a git process takes 3 ms to start. A tree over its limits ends the comparison, too, which might never end by itself. */
async function readCommits({ source, commit, previous, limits, signal }: ExportRequest): Promise<CommitFacts> {
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  // A commit that was collected is no obstacle: everything is written then.
  const changes =
    previous && changedPaths(source, { from: previous.commit, to: commit, signal: either }).catch(() => undefined)
  try {
    const listing = await listTree(source, commit, { ...limits, signal })
    return { listing, changes: await changes }
  } finally {
    stop.abort()
    await changes
  }
}

async function makeDirectories(
  { directories }: TreeListing,
  { writer, pace }: { writer: TreeWriter; pace: Pace },
): Promise<void> {
  for (const path of directories) {
    writer.directory(path)
    if (pace.due()) await pace.rest()
  }
}

/** @returns what the previous release doesn't have as it should */
async function linkUnchanged(
  { link }: ExportPlan,
  { writer, pace }: { writer: TreeWriter; pace: Pace },
): Promise<TreeEntry[]> {
  const damaged: TreeEntry[] = []
  for (const entry of link) {
    if (!writer.link(entry)) damaged.push(entry)
    if (pace.due()) await pace.rest()
  }
  return damaged
}

async function writeFiles(
  entries: readonly TreeEntry[],
  { writer, pace, blobs }: { writer: TreeWriter; pace: Pace; blobs: Blobs },
): Promise<void> {
  for (const entry of entries) {
    if (entry.size > maxWholeBytes) await writer.largeFile(entry, blobs.pieces(entry))
    else writer.file(entry, await blobs.whole(entry))
    if (pace.due()) await pace.rest()
  }
}

/** @returns the links that were left out */
async function writeSymlinks(
  { symlinks }: ExportPlan,
  { writer, blobs }: { writer: TreeWriter; blobs: Blobs },
): Promise<TreeEntry[]> {
  const skipped: TreeEntry[] = []
  for (const entry of symlinks) {
    const target = await blobs.whole(entry)
    if (staysInside(entry, target)) writer.symlink(entry, target)
    else skipped.push(entry)
  }
  return skipped
}
