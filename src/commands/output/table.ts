// Tables without lines between the cells. On a terminal the widest columns give way until a row fits; elsewhere nothing is cut.
import Table from 'cli-table3'
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
const noLines = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', right: '', 'right-mid': '' },
}

export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], view: View): string[] {
  const texts = rows.map((row) => columns.map((column) => cellText(column.cell(row, view))))
  const widths = columns.map(({ head }, index) =>
    texts.reduce((widest, line) => Math.max(widest, displayWidth(line[index] ?? '')), head.length),
  )
  const table = new Table({
    chars: { ...noLines, middle: gap },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: fit(widths, view.columns),
    truncate: '…',
  })
  table.push(columns.map((column) => view.colors.dim(column.head)))
  texts.forEach((line, at) => {
    const row = rows[at]
    table.push(
      line.map((text, index) => (row === undefined ? text : painted({ text, column: columns[index], row, view }))),
    )
  })
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
}

function painted<Row>(cell: { text: string; column: Column<Row> | undefined; row: Row; view: View }): string {
  return cell.column?.paint?.(cell.row, cell.view)(cell.text) ?? cell.text
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

const graphemes = new Intl.Segmenter()
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u

/** Columns that a text takes on a terminal: 2 for wide East Asian characters and emoji (Unicode UAX 11, roughly). */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length
  return [...graphemes.segment(text)].reduce((sum, { segment }) => sum + (wide.test(segment) ? 2 : 1), 0)
}
