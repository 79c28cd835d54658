// Writes a commit's tree as its listing says, entry by entry: unchanged files are hard links to those of the release before, the rest comes from
// the repository. Trusts nothing that lies on disk: a missing or damaged file of the release before is written anew.
import { systemClock } from '../lib/clock.ts'
import { type Blobs, openBlobs } from './blobs.ts'
import { type ChangedPath, changedPaths } from './changes.ts'
import { type ExportPlan, planExport } from './export-plan.ts'
import { createPace, type Pace } from '../lib/pace.ts'
import { staysInside } from './symlinks.ts'
import { describe, type TreeRecord, writeRecord } from './tree-record.ts'
import { maxWholeBytes, type TreeWriter, treeWriter } from './tree-writer.ts'
import { listTree } from './tree.ts'
import type { ExportedTree, ExportRequest, TreeEntry, TreeListing } from './types.ts'

/** @throws HostingError too-large, invalid-tree */
export async function exportListing(request: ExportRequest): Promise<ExportedTree> {
  const { source, into, previous, signal, clock = systemClock } = request
  await using blobs = openBlobs(source, signal)
  const { listing, changes } = await readCommits(request)
  const plan = planExport(listing, changes)
  const writer = treeWriter({ into, previous: previous?.directories ?? [], now: clock.now() })
  const pace = createPace(signal)
  await makeDirectories(listing, { writer, pace })
  const damaged = await linkUnchanged(plan, { writer, pace })
  const write = [...plan.write, ...damaged]
  blobs.request([...write, ...plan.symlinks])
  await writeFiles(write, { writer, pace, blobs })
  const skipped = [...plan.skipped, ...(await writeSymlinks(plan, { writer, blobs }))]
  const record = recordOf(request.commit, listing, skipped)
  writeRecord(into, record)
  return {
    ...describe(record),
    ...(changes === undefined || damaged.length > 0 ? {} : { changedPaths: changes.map(({ path }) => path) }),
  }
}

function recordOf(
  commit: string,
  { files, directories, bytes }: TreeListing,
  skipped: readonly TreeEntry[],
): TreeRecord {
  const symlinks = files.filter(({ mode }) => mode === '120000').length
  return {
    commit,
    contents: {
      files: files.length - symlinks,
      symlinks: symlinks - skipped.length,
      directories: directories.length,
      bytes: skipped.reduce((left, { size }) => left - size, bytes),
    },
    skipped: skipped.map(({ path, size }) => [path.toString('latin1'), size]),
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
