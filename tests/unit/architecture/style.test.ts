// The house style, measured: short files, short functions, a comment on top that says what a file owns.
import { describe, expect, it } from 'vitest'
import { parseSource, readSources } from './sources.ts'

const sources = readSources('src')
const functions = sources.flatMap(({ path, functions }) => functions.map((one) => ({ path, ...one })))

/** The value that a share of all values does not exceed. */
function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? 0
}

describe('files', () => {
  const lengths = sources.map(({ lines }) => lines)

  it('have at most 80 lines by the median and 200 at the 90th percentile', () => {
    expect(percentile(lengths, 0.5)).toBeLessThanOrEqual(80)
    expect(percentile(lengths, 0.9)).toBeLessThanOrEqual(200)
  })

  it('have at most 300 lines, all of them', () => {
    expect(sources.filter(({ lines }) => lines > 300).map(({ path, lines }) => `${path}: ${lines} lines`)).toEqual([])
  })

  // A command says it in its summary, a table in its name: what is short may speak for itself.
  it('begin with what they own, when they have more than 80 lines', () => {
    const silent = sources.filter(({ text, lines }) => lines > 80 && !startsWithComment(text))
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  it('have names in kebab case that mean something', () => {
    const names = readSources('src', 'tests', 'scripts', 'bench').map(({ path }) => path)
    const wrong = /\/[^/]*[A-Z_][^/]*$|\b(helper|helpers|manager|utils?|misc|common)\.ts$/
    expect(names.filter((path) => wrong.test(path))).toEqual([])
  })
})

describe('functions', () => {
  it('have at most 10 lines by the median and 25 at the 90th percentile', () => {
    const lengths = functions.map(({ lines }) => lines)
    expect(percentile(lengths, 0.5)).toBeLessThanOrEqual(10)
    expect(percentile(lengths, 0.9)).toBeLessThanOrEqual(25)
  })

  it('have at most 60 lines, all of them', () => {
    const long = functions.filter(({ lines }) => lines > 60)
    expect(long.map(({ path, name, line, lines }) => `${path}:${line} ${name}: ${lines} lines`)).toEqual([])
  })
})

describe('the measure', () => {
  it('counts a function from its signature to its closing brace', () => {
    const { functions: found } = parseSource('x.ts', 'const a = 1\nfunction f() {\n  return () => {\n    a\n  }\n}\n')
    expect(found).toEqual([
      { name: 'f', line: 2, lines: 5 },
      { name: '(anonymous)', line: 3, lines: 3 },
    ])
  })
})

function startsWithComment(text: string): boolean {
  return /^(#!.*\n)?\s*\/[/*]/.test(text)
}
