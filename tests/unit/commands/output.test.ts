import fc from 'fast-check'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { displayWidth, fit, renderTable } from '../../../src/commands/output/table.ts'
import { ago, renderDuration, renderTime, viewFor } from '../../../src/commands/output/view.ts'
import { renderJson, write } from '../../../src/commands/output/write.ts'

const now = new Date('2026-11-21T12:00:00Z')
const columns = [
  { head: 'NAME', cell: (row: string[]) => row[0] ?? '' },
  { head: 'SUBJECT', cell: (row: string[]) => row[1] ?? '' },
]
const onTerminal = (width: number) => ({ ...viewFor(undefined, now), columns: width })

describe('a table', () => {
  it('aligns its columns and ends no line in spaces', () => {
    expect(
      renderTable(
        columns,
        [
          ['a', 'one'],
          ['bcdefg', 'two'],
        ],
        viewFor(undefined, now),
      ),
    ).toEqual(['NAME    SUBJECT', 'a       one', 'bcdefg  two'])
  })

  it('cuts the widest column on a terminal only', () => {
    const rows = [['name', 'a subject that is longer than the terminal']]
    expect(renderTable(columns, rows, onTerminal(24))[1]).toBe('name  a subject that is…')
    expect(renderTable(columns, rows, viewFor(undefined, now))[1]).toContain('longer than the terminal')
  })

  it('cuts between characters as people see them', () => {
    const rows = [
      ['name', '日本日本日本'],
      ['name', 'e\u0301'.repeat(20)],
    ]
    expect(renderTable(columns, rows, onTerminal(15)).slice(1)).toEqual([
      'name  日本日本…',
      `name  ${'e\u0301'.repeat(8)}…`,
    ])
  })

  it('shows what tenants wrote without obeying it', () => {
    const [, line] = renderTable(columns, [['\u001b[31mred', 'two\nlines\tand a tab \u202e']], viewFor(undefined, now))
    expect(line).toBe('\\x1b[31mred  two\\x0alines and a tab \\x202e')
  })

  it('fits any widths into any terminal that has room for a few characters of each', () => {
    const widths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(widths, fc.integer({ min: 60, max: 200 }), (natural, width) => {
        const fitted = fit(natural, width)
        expect(fitted.reduce((sum, each) => sum + each, 0) + 2 * (natural.length - 1)).toBeLessThanOrEqual(width)
        fitted.forEach((each, index) => expect(each).toBeLessThanOrEqual(natural[index] ?? 0))
      }),
    )
  })

  it('knows wide characters', () => {
    expect(['abc', 'añb', '日本', '👍', 'e\u0301'].map(displayWidth)).toEqual([3, 3, 4, 2, 1])
    expect(renderTable(columns, [['日本', 'x']], onTerminal(80))[1]).toBe('日本  x')
  })
})

describe('times', () => {
  it.each([
    ['2026-11-21T12:00:00Z', 'now'],
    ['2026-11-21T12:00:05Z', 'now'],
    ['2026-11-21T11:59:30Z', '30 s ago'],
    ['2026-11-21T11:57:00Z', '3 min ago'],
    ['2026-11-21T09:59:00Z', '2 h ago'],
    ['2026-11-01T12:00:00Z', '20 d ago'],
    ['2025-11-01T12:00:00Z', '2025-11-01'],
  ])('%s is %s', (time, text) => expect(ago(new Date(time), now)).toBe(text))

  it('are ISO 8601 through a pipe', () => {
    expect(renderTime('2026-11-21T11:57:00Z', viewFor(undefined, now))).toBe('2026-11-21T11:57:00Z')
    expect(renderTime('2026-11-21T11:57:00Z', onTerminal(80))).toBe('3 min ago')
  })

  it('that something took', () => {
    expect([420, 12_345, 125_000, null].map(renderDuration)).toEqual(['0.42 s', '12.3 s', '2 min 5 s', '-'])
  })
})

describe('JSON', () => {
  it('means the same and holds nothing that steers a terminal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(renderJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    expect(renderJson('\u009b31m\u202e\u007f')).toBe(String.raw`"\u009b31m\u202e\u007f"`)
  })
})

describe('writing', () => {
  it('waits for a slow reader', async () => {
    const stdout = new PassThrough({ highWaterMark: 4 })
    const order: string[] = []
    const writing = write({ stdout, gone: new AbortController().signal }, 'long enough').then(() =>
      order.push('written'),
    )
    await new Promise((resolve) => setImmediate(resolve))
    order.push('read')
    stdout.resume()
    await writing
    expect(order).toEqual(['read', 'written'])
  })

  it.each(['leaves', 'breaks the stream'])('ends when the reader %s', async (how) => {
    const stdout = new PassThrough({ highWaterMark: 4 }).on('error', () => undefined)
    const gone = new AbortController()
    const writing = write({ stdout, gone: gone.signal }, 'long enough')
    if (how === 'leaves') gone.abort()
    else stdout.destroy(new Error('EPIPE'))
    expect(await writing).toBe(false)
    expect(stdout.listenerCount('drain')).toBe(0)
  })
})
