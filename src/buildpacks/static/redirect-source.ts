// The left side of a rule in _redirects: a path pattern, or one below a host (`https://old.example/*`).
import { domainToASCII } from 'node:url'
import { toText } from './byte-string.ts'
import { LineError } from './line-problem.ts'
import { type Pattern, captureNames, parsePattern } from './path-pattern.ts'

export interface RedirectSource {
  readonly scheme?: 'http' | 'https'
  readonly host?: string
  readonly pattern: Pattern
}

const maxPathLength = 700

export function parseSource(text: string): RedirectSource {
  const [, scheme, authority, path = '/'] = /^(https?):\/\/([^/]*)(\/.*)?$/i.exec(text) ?? []
  if (scheme === undefined || authority === undefined) return { pattern: parseSourcePath(text) }
  return {
    scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http',
    host: parseHost(authority),
    pattern: parseSourcePath(path),
  }
}

function parseSourcePath(text: string): Pattern {
  if (!text.startsWith('/')) throw new LineError(`the path "${toText(text)}" must start with "/"`)
  if (/[?#]/.test(text))
    throw new LineError(
      'a path in a rule has no "?" and no "#"',
      'Match query parameters as words of their own: /store id=:id /blog/:id',
    )
  if (text.length > maxPathLength) throw new LineError(`the path is longer than ${maxPathLength} bytes`)
  if (/\*./.test(text))
    throw new LineError('"*" may only stand at the end of a path', 'Use :placeholders for parts in the middle.')
  const pattern = parsePattern(text)
  refuseDoubles(captureNames(pattern))
  return pattern
}

function refuseDoubles(names: readonly string[]): void {
  const double = names.find((name, index) => names.indexOf(name) !== index)
  if (double !== undefined) throw new LineError(`":${double}" stands twice in the path`)
}

function parseHost(authority: string): string {
  const host = domainToASCII(toText(authority.replace(/:\d+$/, '')))
  if (!/^[a-z0-9.-]+$/.test(host)) throw new LineError(`"${toText(authority)}" is not a host name`)
  return host
}
