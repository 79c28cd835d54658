import { z } from 'zod'
import { printable } from '../../errors/render.ts'
import { findDrift, type Drift, patchOf } from '../../uploads/drift.ts'
import { shown } from '../../uploads/message.ts'
import { siteCommand } from '../command.ts'
import { flag } from '../inputs.ts'
import { done, listing } from '../output/outcome.ts'
import type { Column } from '../output/table.ts'
import { renderBytes } from '../output/view.ts'

export const pathArgument = { name: 'path', description: 'only what lies there', optional: true, rest: true } as const
export const pathsInput = z.array(z.string().min(1, 'is empty').max(1000)).default([])

/** @param typed files and folders; none: all of it */
export function below(drift: Drift | undefined, typed: readonly string[]): Drift | undefined {
  if (drift === undefined || typed.length === 0) return drift
  const places = typed.map((path) => Buffer.from(path.replace(/^\.?\/|\/+$/g, '')).toString('latin1'))
  const isWanted = (path: string) => places.some((place) => path === place || path.startsWith(`${place}/`))
  return {
    ...drift,
    changes: new Map([...drift.changes].filter(([path]) => isWanted(path))),
    busy: drift.busy.filter(isWanted),
  }
}

export const drift = siteCommand({
  name: 'drift',
  group: 'Environment',
  summary: 'Show how a site differs from its repository',
  description:
    'An application that updates itself, or an installer that wrote its settings: files in storage that are not as in the repository.\nFolders of which the repository holds nothing (uploads, caches) are no drift.',
  arguments: [pathArgument],
  options: [{ flags: '-p, --patch', description: 'line by line' }],
  examples: ['drift demo', 'drift demo conf --patch'],
  permission: 'site:read',
  input: z.object({ path: pathsInput, patch: flag }),
  run: async (context, { path, patch }) => {
    await using all = await findDrift(context.site, context)
    const found = below(all, path)
    const rows = found === undefined ? [] : rowsOf(found)
    if (found === undefined || rows.length === 0) return done([], nothing(context.site.name, path))
    if (patch) {
      const text = await patchOf(context.site, found, context)
      return { data: { files: rows, patch: text }, text: () => text.trimEnd().split('\n').map(printable) }
    }
    return listing({ rows, columns, empty: [] })
  },
})

/** Of what was asked for: the rest may differ. */
export function nothing(site: string, typed: readonly string[]): string {
  const where = typed.length === 0 ? '' : ` in ${typed.join(', ')}`
  return `${site} has changed nothing${where} that its repository holds`
}

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
