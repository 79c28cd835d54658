// Renders the rules of _headers as nginx maps on the path that was asked for. Pure.
// Several blocks may match: each (pattern, header) pair is a map of its own, a second map joins what they gave with ", ".
import { type HeaderRule, isContentType } from './headers.ts'
import { escapeValue, quoteRegex, quoteTemplate, quoteValue } from './nginx-text.ts'
import { patternSource } from './path-pattern.ts'

export interface RenderedHeaders {
  readonly maps: readonly string[]
  /** For the server block. */
  readonly directives: readonly string[]
}

const groupSize = 100

export function renderHeaders(rules: readonly HeaderRule[]): RenderedHeaders {
  const byName = Map.groupBy(
    rules.filter((rule) => !isContentType(rule)),
    ({ name }) => name.toLowerCase(),
  )
  const rendered = [...byName.values()].map((group, index) => renderName(group, `header${index}`))
  return { maps: rendered.flatMap(({ maps }) => maps), directives: rendered.flatMap(({ directives }) => directives) }
}

/** Content types by number: `add_header Content-Type` would send a second one, so that a location for each has it as `default_type`. */
export function contentTypes(rules: readonly HeaderRule[]): string[] {
  return [...new Set(rules.filter(isContentType).map(({ value }) => value))]
}

export function renderContentTypeMap(rules: readonly HeaderRule[]): string[] {
  const types = contentTypes(rules)
  if (types.length === 0) return []
  // The last block that matches wins; the first entry of a map does.
  const entries = rules.filter(isContentType).toReversed()
  return [
    'map $path $content_type_number {',
    ...entries.map((rule) => `  ${pathRegex(rule)} ${types.indexOf(rule.value)};`),
    '}',
  ]
}

function renderName(rules: readonly HeaderRule[], variable: string): RenderedHeaders {
  const name = rules[0]?.name ?? ''
  // Cookies can't be joined (RFC 6265, 3).
  if (name.toLowerCase() === 'set-cookie') return renderSeparately(rules, variable)
  const parts = rules.map((rule, index) => mapOne(rule, `${variable}_${index}`, ', '))
  return {
    maps: [...parts, ...renderJoin(rules.length, variable)],
    directives: [addHeader(name, `$${variable}`)],
  }
}

function renderSeparately(rules: readonly HeaderRule[], variable: string): RenderedHeaders {
  return {
    maps: rules.map((rule, index) => mapOne(rule, `${variable}_${index}`, '')),
    directives: rules.map(({ name }, index) => addHeader(name, `$${variable}_${index}`)),
  }
}

function mapOne(rule: HeaderRule, variable: string, prefix: string): string {
  return `map $path $${variable} { ${pathRegex(rule)} ${quoteTemplate(prefix + escapeValue(rule.value))}; }`
}

/** In groups, since nginx refuses tokens beyond its buffer. */
function renderJoin(count: number, variable: string): string[] {
  const all = Array.from({ length: count }, (_, index) => `\${${variable}_${index}}`)
  const groups = Array.from({ length: Math.ceil(count / groupSize) }, (_, index) =>
    all.slice(index * groupSize, (index + 1) * groupSize).join(''),
  )
  return [
    ...groups.map((group, index) => `map "" $${variable}_group${index} { default "${group}"; }`),
    `map "${groups.map((_, index) => `\${${variable}_group${index}}`).join('')}" $${variable} { "~^, (?<header_rest>.*)" $header_rest; }`,
  ]
}

function pathRegex({ pattern }: HeaderRule): string {
  return quoteRegex(`^${patternSource(pattern, 'decoded')}`)
}

/** `always`: on error pages too, except what would let a cache keep an error page for as long as the file that is missing. */
function addHeader(name: string, variable: string): string {
  const always = /^(cache-control|expires|pragma|cdn-cache-control|surrogate-control)$/i.test(name) ? '' : ' always'
  return `add_header ${quoteValue(name)} ${variable}${always};`
}
