// The grammar of _headers (Netlify's): a path pattern at the start of a line, below it indented `Name: value` lines. Pure.
// Blocks that match the same path add up; headers that belong to the server or the connection are refused.
import { toText } from './byte-string.ts'
import { asProblem, LineError, type Parsed } from './line-problem.ts'
import { hasControlCharacter, fitsNginx, quoteValue } from './nginx-text.ts'
import { type Pattern, parsePattern } from './path-pattern.ts'

export interface HeaderRule {
  readonly line: number
  readonly pattern: Pattern
  /** As written; compared without case. */
  readonly name: string
  readonly value: string
}

const maxRules = 1000
const maxPathLength = 700
const maxStars = 2
/** Each is a location of nginx with a status of its own (nginx.ts). */
const maxContentTypes = 40

/** Of the server, of the connection (RFC 9110, 7.6.1), or with a meaning to the server in front. */
const refused =
  /^(accept-ranges|age|allow|alt-svc|connection|content-encoding|content-length|content-range|date|etag|keep-alive|last-modified|location|proxy-.*|server|status|te|trailer|transfer-encoding|upgrade|via|x-accel-.*)$/i

/** @param content the file as a byte string */
export function parseHeaders(content: string): Parsed<HeaderRule> {
  const parsed: Parsed<HeaderRule> = { rules: [], problems: [] }
  let pattern: Pattern | undefined
  for (const [index, raw] of content.split('\n').entries()) {
    const text = raw.trim()
    if (text === '' || text.startsWith('#')) continue
    try {
      // Netlify tells the two kinds of line apart by their first character too: the indentation is a habit, not a rule.
      if (/^(\/|https?:\/\/)/i.test(text)) pattern = parseHeaderPath(text)
      else parsed.rules.push({ line: index + 1, pattern: requirePath(pattern), ...parseHeader(text) })
    } catch (error) {
      parsed.problems.push(asProblem(error, index + 1))
    }
  }
  const types = new Set(parsed.rules.filter(isContentType).map(({ value }) => value))
  if (types.size > maxContentTypes)
    parsed.problems.push({ line: 1, text: `there are more than ${maxContentTypes} different Content-Types` })
  const excess = parsed.rules[maxRules]
  if (excess !== undefined) parsed.problems.push({ line: excess.line, text: `there are more than ${maxRules} headers` })
  return parsed
}

function requirePath(pattern: Pattern | undefined): Pattern {
  if (pattern === undefined) throw new LineError('a header stands before any path')
  return pattern
}

function parseHeaderPath(text: string): Pattern {
  if (!text.startsWith('/')) throw new LineError('a path here has no scheme and no host')
  if (/\s/.test(text)) throw new LineError('a path may not have spaces', 'Write %20 for a space.')
  if (text.length > maxPathLength) throw new LineError(`the path is longer than ${maxPathLength} bytes`)
  if (text.split('*').length > maxStars + 1) throw new LineError(`a path may have at most ${maxStars} "*"`)
  return parsePattern(text)
}

function parseHeader(text: string): { name: string; value: string } {
  const [, name, value] = /^([^:]*?)\s*:\s*(.*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw new LineError(`"${toText(text)}" is not "Name: value"`)
  refuseName(name)
  if (value === '') throw new LineError(`the header ${name} has no value`)
  if (hasControlCharacter(value)) throw new LineError(`the value of ${name} has a control character in it`)
  if (!fitsNginx(quoteValue(value))) throw new LineError(`the value of ${name} is too long`)
  if (/^content-type$/i.test(name)) refuseType(value)
  return { name, value }
}

function refuseName(name: string): void {
  if (/^basic-auth$/i.test(name))
    throw new LineError(
      'Basic-Auth is not supported yet',
      'Remove the block, and what it was to protect: it would be public.',
    )
  if (!/^[\w-]{1,100}$/.test(name)) throw new LineError(`"${toText(name)}" is not a header name`)
  if (refused.test(name))
    throw new LineError(
      `the header ${name} is set by the server and can't be changed`,
      /^location$/i.test(name) ? 'Redirect with a rule in _redirects.' : 'Remove the line.',
    )
}

function refuseType(value: string): void {
  if (!/^[\w.+-]+\/[\w.+-]+(\s*;\s*[\w-]+=[\w."'-]+)*$/.test(value))
    throw new LineError(`"${toText(value)}" is not a media type such as text/html; charset=iso-8859-1`)
}

export function isContentType({ name }: HeaderRule): boolean {
  return name.toLowerCase() === 'content-type'
}
