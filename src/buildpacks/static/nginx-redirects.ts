// Renders the rules of _redirects as nginx maps. Pure.
//   $rule    what applies to the request: `[!]STATUS TARGET` of the first rule that matches, "" without one; "!" means forced.
//   $target  its TARGET: a location ready to send, or the path of a page, or #N: the page of rule N, made from captures.
//   $page    the path of the page to show, decoded, as the file system has it.
import { hexEscape } from './byte-string.ts'
import type { LineProblem } from './line-problem.ts'
import { escapeValue, fitsNginx, quoteRegex, quoteTemplate } from './nginx-text.ts'
import { captureNames, literal, patternSource } from './path-pattern.ts'
import type { TargetPart } from './redirect-target.ts'
import type { QueryMatch, RedirectRule } from './redirects.ts'

// $host, $arguments (the raw query) and $scheme_of_client can't contain a space, which thus separates the parts of the key.
const ruleKey = '$client_scheme $host $arguments $encoded'
const pageKey = '$target $arguments $path'

export function renderRedirectMaps(rules: readonly RedirectRule[]): string[] {
  return [
    'map $http_x_forwarded_proto $client_scheme { default http; https https; }',
    `map "${ruleKey}" $rule {`,
    ...rules.map((rule, index) => `  ${renderRuleEntry(rule, index)};`),
    '}',
    'map $rule $rule_status { default ""; "~^!?(?<rule_digits>\\d+) " $rule_digits; }',
    'map $rule $target { default ""; "~^!?\\d+ (?<rule_rest>[\\s\\S]*)" $rule_rest; }',
    `map "${pageKey}" $page {`,
    '  default $target;',
    ...rules.flatMap((rule, index) => (isMadePage(rule) ? [`  ${renderPageEntry(rule, index)};`] : [])),
    '}',
  ]
}

function renderRuleEntry(rule: RedirectRule, index: number): string {
  const { source, query, target, status, force } = rule
  const path = patternSource(source.pattern, 'encoded', (inner, number) => `(?<p${number}>${inner})`)
  const regex = `^${source.scheme ?? '[^ ]*+'} ${hostSource(source.host)} ${querySource(rule)}${path}`
  const template = isMadePage(rule) ? `#${index}` : target.parts.map(renderPart).join('')
  const end = target.kind === 'location' ? locationEnd(rule, query) : ''
  return `${quoteRegex(regex)} ${quoteTemplate(`${force ? '!' : ''}${status} ${template}${end}`)}`
}

function renderPageEntry(rule: RedirectRule, index: number): string {
  const path = patternSource(rule.source.pattern, 'decoded', (inner, number) => `(?<p${number}>${inner})`)
  return `${quoteRegex(`^#${index} ${querySource(rule)}${path}`)} ${quoteTemplate(rule.target.parts.map(renderPart).join(''))}`
}

/** Rules that nginx couldn't take, since one of their entries is longer than its buffer. */
export function findUnfit(rules: readonly RedirectRule[]): LineProblem[] {
  return rules.flatMap((rule, index) => {
    const entries = [renderRuleEntry(rule, index), ...(isMadePage(rule) ? [renderPageEntry(rule, index)] : [])]
    return entries.every(fitsNginx) ? [] : [{ line: rule.line, text: 'the rule is too long' }]
  })
}

function isMadePage({ target }: RedirectRule): boolean {
  return target.kind === 'page' && target.parts.some((part) => 'capture' in part)
}

function hostSource(host: string | undefined): string {
  return host === undefined ? '[^ ]*+' : literal(host, 'decoded')
}

/** The request's own query goes along, unless the rule took it apart or its target brings one. */
function locationEnd({ target }: RedirectRule, query: readonly QueryMatch[]): string {
  if (target.kind !== 'location') return ''
  return `${target.hasQuery || query.length > 0 ? '' : `\${query}`}${escapeValue(target.fragment)}`
}

function querySource({ source, query }: RedirectRule): string {
  const first = captureNames(source.pattern).length
  let captured = 0
  const conditions = query.map(({ name, value, placeholder }) => {
    const wanted = placeholder === undefined ? queryLiteral(value ?? '') : `(?<p${first + captured++}>[^& ]*)`
    return `(?=(?:[^ ]*&)?${queryLiteral(name)}=${wanted}[& ])`
  })
  return `${conditions.join('')}[^ ]*+ `
}

/** Bytes of a query, each as it is or percent-encoded: $arguments is what the client sent. */
function queryLiteral(text: string): string {
  return text.replace(/[\s\S]/g, (byte) =>
    /[\w-]/.test(byte) ? byte : `(?:${hexEscape(byte, '\\x')}|${hexEscape(byte)}|${hexEscape(byte).toLowerCase()})`,
  )
}

function renderPart(part: TargetPart): string {
  return 'text' in part ? escapeValue(part.text) : `\${p${part.capture}}`
}
