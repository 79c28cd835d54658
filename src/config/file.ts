// The configuration file (TOML, flat). Every complaint names the line.
import { readFileSync } from 'node:fs'
import { parse as parseToml, TomlError } from 'smol-toml'
import { hasErrorCode } from '../lib/files.ts'
import { suggestion } from '../lib/nearest.ts'
import { configKeys } from './keys.ts'
import { isKey, type Source } from './sources.ts'

export function fromFile(path: string | undefined): Source {
  if (path === undefined) return { given: [], mistakes: [] }
  try {
    return read(path, readFileSync(path, 'utf8'))
  } catch (error) {
    return { given: [], mistakes: [unreadable(path, error)] }
  }
}

function read(path: string, text: string): Source {
  const lines = text.split(/\r?\n/)
  const entries = Object.entries(parseToml(text)).map(([key, value]) => ({ key, value, ...placeOf(key, lines) }))
  return {
    given: entries.map(({ key, value, line, written = JSON.stringify(value) }) => ({
      key,
      value,
      blame: (reason) => `${path}:${line}: ${key}: ${written} ${reason}`,
    })),
    mistakes: entries
      .filter(({ key }) => !isKey(key))
      .map(({ key, line }) => `${path}:${line}: ${key} is not a known key${suggestion(key, configKeys)}`),
  }
}

/** The parser keeps no places: the first line that begins with the key, or is the head of a table of its name. */
function placeOf(key: string, lines: readonly string[]): { line: number; written: string | undefined } {
  const index = lines.findIndex((line) => /^\s*\[*\s*["']?([^\s"'=.\]]+)/.exec(line)?.[1] === key)
  const written = /=\s*(.*?)\s*(?:#[^"']*)?$/.exec(lines[index] ?? '')?.[1]
  return { line: Math.max(index, 0) + 1, written }
}

function unreadable(path: string, error: unknown): string {
  if (hasErrorCode(error, 'ENOENT')) return `${path}: no such file`
  if (!(error instanceof TomlError)) return `${path}: ${error instanceof Error ? error.message : String(error)}`
  const [reason = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n')
  return `${path}:${error.line}:${error.column}: ${reason}`
}
