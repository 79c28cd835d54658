import { findDrift, type Drift } from '../../uploads/drift.ts'
import { shown } from '../../uploads/message.ts'
import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done, listing } from '../output/outcome.ts'
import type { Column } from '../output/table.ts'
import { renderBytes } from '../output/view.ts'

export const drift = siteCommand({
  name: 'drift',
  group: 'Environment',
  summary: 'Show how a site differs from its repository',
  description:
    'An application that updates itself, or an installer that wrote its settings: files in storage that are not as in the repository.\nFolders of which the repository holds nothing (uploads, caches) are no drift.',
  examples: ['drift demo'],
  permission: 'site:read',
  input: nothing,
  run: async (context) => {
    await using found = await findDrift(context.site, context)
    const rows = found === undefined ? [] : rowsOf(found)
    if (rows.length === 0) return done([], `${context.site.name} has changed nothing that its repository holds`)
    return listing({ rows, columns, empty: [] })
  },
})

export interface DriftRow {
  readonly path: string
  readonly change: 'changed' | 'added' | 'removed'
  readonly bytes: number | null
}

export function rowsOf({ changes, known }: Pick<Drift, 'changes' | 'known'>): DriftRow[] {
  const rows = [...changes].map(([path, change]) => ({
    path: shown(path),
    change: change === null ? ('removed' as const) : known.has(path) ? ('changed' as const) : ('added' as const),
    bytes: change?.size ?? null,
  }))
  return rows.sort((a, b) => (a.path < b.path ? -1 : 1))
}

const columns: readonly Column<DriftRow>[] = [
  { head: 'PATH', cell: (row) => row.path },
  { head: 'IN STORAGE', cell: (row) => row.change },
  { head: 'SIZE', cell: (row) => (row.bytes === null ? '-' : renderBytes(row.bytes)) },
]
