// Tables without lines between the cells. On a terminal the widest columns give way until a row fits; elsewhere nothing is cut.
// Own code: cli-table3 took 14 s for 10,000 rows, in which the daemon does nothing else; this, on the same busy machine, 0.2 s.
import type { Formatter } from 'picocolors/types.js'
import { printable } from '../../errors/render.ts'
import type { View } from './view.ts'

export interface Column<Row> {
  readonly head: string
  cell(row: Row, view: View): string
  paint?(row: Row, view: View): Formatter
}

const gap = '  '
const leastWidth = 6

export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], view: View): string[] {
  const texts = rows.map((row) => columns.map((column) => cellText(column.cell(row, view))))
  const natural = columns.map(({ head }, index) =>
    texts.reduce((widest, line) => Math.max(widest, displayWidth(line[index] ?? '')), head.length),
  )
  const widths = fit(natural, view.columns)
  const head = columns.map((column, index) => fill({ text: column.head, width: widths[index], paint: view.colors.dim }))
  const lines = rows.map((row, at) =>
    columns.map((column, index) => {
      const text = texts[at]?.[index] ?? ''
      return fill({ text, width: widths[index], paint: column.paint?.(row, view) })
    }),
  )
  return [head, ...lines].map((cells) => cells.join(gap).trimEnd())
}

interface Cell {
  readonly text: string
  readonly width: number | undefined
  readonly paint: Formatter | undefined
}

/** Cut to its width, painted, and padded: in this order, since paint has no width. */
function fill({ text, width = 0, paint = String }: Cell): string {
  const shown = displayWidth(text) > width ? cut(text, width) : text
  return paint(shown) + ' '.repeat(Math.max(0, width - displayWidth(shown)))
}

function cut(text: string, width: number): string {
  if (plain.test(text)) return `${text.slice(0, width - 1)}…`
  let kept = ''
  let room = width - 1
  for (const { segment } of graphemes.segment(text)) {
    room -= displayWidth(segment)
    if (room < 0) break
    kept += segment
  }
  return `${kept}…`
}

/** Text from tenants cannot steer the terminal, nor shift a column by a tab. */
function cellText(text: string): string {
  return printable(text).replaceAll('\t', ' ')
}

/** Narrows the widest column again and again; below a few characters a column says nothing, and the terminal may wrap. */
export function fit(widths: readonly number[], columns: number | undefined): number[] {
  const fitted = [...widths]
  const room = (columns ?? Number.POSITIVE_INFINITY) - gap.length * (widths.length - 1)
  while (fitted.reduce((sum, width) => sum + width, 0) > room) {
    const widest = Math.max(...fitted)
    if (widest <= leastWidth) break
    fitted[fitted.lastIndexOf(widest)] = widest - 1
  }
  return fitted
}

const plain = /^[ -~]*$/
const graphemes = new Intl.Segmenter()
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u

/** Columns that a text takes on a terminal: 2 for wide East Asian characters and emoji (Unicode UAX 11, roughly). */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length
  return [...graphemes.segment(text)].reduce((sum, { segment }) => sum + (wide.test(segment) ? 2 : 1), 0)
}
