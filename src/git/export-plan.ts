// Decides, before anything is written, where each entry of a tree comes from: pure.
import type { ChangedPath } from './changes.ts'
import { maxTargetBytes } from './symlinks.ts'
import type { TreeEntry, TreeListing } from './types.ts'

export interface ExportPlan {
  /** Files that the previous release has, too: they are hard-linked. */
  readonly link: readonly TreeEntry[]
  /** Files whose content is read from the repository. */
  readonly write: readonly TreeEntry[]
  readonly symlinks: readonly TreeEntry[]
  readonly skipped: readonly TreeEntry[]
}

/** @param changes since the previous release; undefined when there is none to link from */
export function planExport({ files }: TreeListing, changes: readonly ChangedPath[] | undefined): ExportPlan {
  const changed = new Set(changes?.map(({ path }) => path.toString('latin1')))
  const plan = {
    link: [] as TreeEntry[],
    write: [] as TreeEntry[],
    symlinks: [] as TreeEntry[],
    skipped: [] as TreeEntry[],
  }
  for (const entry of files) {
    if (entry.mode === '120000') (entry.size > maxTargetBytes ? plan.skipped : plan.symlinks).push(entry)
    else if (changes === undefined || changed.has(entry.path.toString('latin1'))) plan.write.push(entry)
    else plan.link.push(entry)
  }
  return plan
}
