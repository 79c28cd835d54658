// The grammar of _redirects (Netlify's): `from [query] to [status][!]`, one rule a line, first match wins. Pure: text in, rules and problems out.
// What can't be kept (conditions on country, language, role; proxies to other hosts) is a problem with its line, never silently dropped.
import { toText } from './byte-string.ts'
import { asProblem, LineError, type Parsed } from './line-problem.ts'
import { captureNames } from './path-pattern.ts'
import { parseSource, type RedirectSource } from './redirect-source.ts'
import { parseTarget, type RedirectTarget } from './redirect-target.ts'

export const redirectStatuses = [301, 302, 303, 307, 308] as const
export const pageStatuses = [200, 404, 410] as const

export interface QueryMatch {
  readonly name: string
  /** Must be this; undefined: anything, captured as `placeholder`. */
  readonly value?: string
  readonly placeholder?: string
}

export interface RedirectRule {
  readonly line: number
  readonly source: RedirectSource
  readonly query: readonly QueryMatch[]
  readonly status: number
  /** Applies although a file has that path. */
  readonly force: boolean
  readonly target: RedirectTarget
}

const maxRules = 5000

/** @param content the file as a byte string */
export function parseRedirects(content: string): Parsed<RedirectRule> {
  const parsed = parseLines(content)
  const excess = parsed.rules[maxRules]
  if (excess !== undefined) parsed.problems.push({ line: excess.line, text: `there are more than ${maxRules} rules` })
  return parsed
}

function parseLines(content: string): Parsed<RedirectRule> {
  const parsed: Parsed<RedirectRule> = { rules: [], problems: [] }
  for (const [index, text] of content.split('\n').entries()) {
    const tokens = splitTokens(text)
    if (tokens.length === 0) continue
    try {
      parsed.rules.push(parseRule(tokens, index + 1))
    } catch (error) {
      parsed.problems.push(asProblem(error, index + 1))
    }
  }
  return parsed
}

function splitTokens(line: string): string[] {
  const tokens = line
    .trim()
    .split(/\s+/)
    .filter((token) => token !== '')
  const comment = tokens.findIndex((token) => token.startsWith('#'))
  return comment === -1 ? tokens : tokens.slice(0, comment)
}

function parseRule(tokens: readonly string[], line: number): RedirectRule {
  const [from = '', ...rest] = tokens
  const source = parseSource(from)
  const { query, to, status, force } = splitRule(from, rest)
  const names = [...captureNames(source.pattern), ...query.flatMap(({ placeholder }) => placeholder ?? [])]
  if (names.length > 20) throw new LineError('a rule may have at most 20 placeholders')
  const target = parseTarget(to, names, status)
  if (target.kind === 'location' && source.host === undefined) refuseLoop(from, to, query)
  return { line, source, query, status, force, target }
}

function splitRule(from: string, rest: readonly string[]) {
  const direct = /^\d/.test(rest[0] ?? '')
  const toIndex = direct ? -1 : rest.findIndex((token) => /^(\/|https?:\/\/)/i.test(token))
  if (!direct && toIndex === -1)
    throw new LineError('there is no target: a path that starts with "/", or an http(s) URL')
  // A rule without a target (`/gone 404`) answers with what its own path has.
  const to = direct ? ownPath(from) : (rest[toIndex] ?? '')
  const query = direct ? [] : rest.slice(0, toIndex).map(parseQuery)
  const [status, ...conditions] = rest.slice(toIndex + 1)
  refuseConditions(status !== undefined && !/^\d/.test(status) ? [status, ...conditions] : conditions)
  return { query, to, ...parseStatus(status) }
}

function ownPath(from: string): string {
  return from.replace(/^https?:\/\/[^/]*/i, '').replace(/\*$/, ':splat')
}

function parseQuery(token: string): QueryMatch {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(token) ?? []
  if (name === undefined || value === undefined)
    throw new LineError(`"${toText(token)}" is neither a target nor a query parameter such as id=:id`)
  return /^:[a-z_]\w*$/i.test(value) ? { name, placeholder: value.slice(1) } : { name, value }
}

function parseStatus(token = '301'): { status: number; force: boolean } {
  const [, digits, mark] = /^(\d{3})(!?)$/.exec(token) ?? []
  const status = Number(digits)
  if (![...redirectStatuses, ...pageStatuses].some((known) => known === status))
    throw new LineError(
      `"${toText(token)}" is not a status that a rule may have`,
      `Use one of ${[...pageStatuses, ...redirectStatuses].sort((a, b) => a - b).join(', ')}, with "!" after it to override a file.`,
    )
  return { status, force: mark === '!' }
}

function refuseConditions(tokens: readonly string[]): void {
  const [token] = tokens
  if (token === undefined) return
  const name = token.split('=')[0] ?? token
  throw new LineError(
    `"${toText(token)}" can't be used: conditions (${toText(name)}) are not supported`,
    'Remove the condition, or the rule. Rules can depend on path, host, scheme and query only.',
  )
}

function refuseLoop(from: string, to: string, query: readonly QueryMatch[]): void {
  const plain = (text: string) => text.replace(/[?#].*$/, '').replace(/(?<=.)\/+$/, '')
  const own = ownPath(from)
  if (query.length > 0 || plain(own) !== plain(to)) return
  if (/^\/[^:*]*$/.test(from) && own !== to)
    throw new LineError(
      'the rule redirects to itself: a slash at the end of a path makes no difference to rules',
      'Remove the rule: /about finds about.html and about/index.html without one.',
    )
  throw new LineError(
    'the rule redirects to itself for ever: its target is the path that it is for',
    'Remove the rule, or give it another target.',
  )
}
