// The shapes that nearly every outcome has: a listing, the facts about one thing, a thing done.
import { printable } from '../../errors/render.ts'
import type { Outcome } from '../types.ts'
import { type Column, renderTable } from './table.ts'
import type { View } from './view.ts'

export interface Listing<Row> {
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  /** What to do next when there is nothing to list. */
  readonly empty: readonly string[]
}

export function listing<Row>({ rows, columns, empty }: Listing<Row>): Outcome {
  return { data: rows, text: (view) => (rows.length === 0 ? empty : renderTable(columns, rows, view)) }
}

/** A listing whose rows may have something wrong with them, which is said below: in a cell it would be cut. */
export function troubledListing<Row extends { readonly trouble: string | null }>(table: Listing<Row>): Outcome {
  const troubles = table.rows.flatMap(({ trouble }) => trouble ?? [])
  const listed = listing(table)
  return {
    data: listed.data,
    text: (view) => [
      ...listed.text(view),
      ...(troubles.length === 0 ? [] : ['']),
      ...troubles.map((line) => `${view.colors.yellow('!')} ${printable(line)}`),
    ],
  }
}

export type Fact = readonly [label: string, value: string]

export function facts(data: unknown, list: (view: View) => readonly Fact[]): Outcome {
  return { data, text: (view) => renderFacts(list(view), view) }
}

export function renderFacts(list: readonly Fact[], view: View): string[] {
  const width = Math.max(...list.map(([label]) => label.length))
  return list.map(
    ([label, value]) => `${view.colors.dim(label)}${' '.repeat(width - label.length)}  ${printable(value)}`,
  )
}

/** @param next what to type now, if there is something */
export function done(data: unknown, message: string, next: readonly string[] = []): Outcome {
  return {
    data,
    text: (view) => [`${view.colors.green('✓')} ${printable(message)}`, ...next.map((line) => `  ${printable(line)}`)],
  }
}

/** What was run has failed by its own fault: the platform has done what it was asked for. */
export function failed(data: unknown, message: string, next: readonly string[]): Outcome {
  return {
    data,
    text: (view) => [`${view.colors.red('✗')} ${printable(message)}`, ...next.map((line) => `  ${printable(line)}`)],
  }
}
