// Path patterns of _redirects and _headers: literal bytes, `:placeholder` (anything but a slash, at the start of a segment), `*` (anything).
// One source of regular expression serves both JavaScript (on byte strings) and nginx's PCRE (on bytes).
import { hexEscape, percentDecode } from './byte-string.ts'

export type PatternPart =
  | { readonly kind: 'text'; readonly bytes: string }
  | { readonly kind: 'placeholder'; readonly name: string }
  | { readonly kind: 'splat' }

export type Pattern = readonly PatternPart[]

/** `decoded`: as a file name has it. `encoded`: as nginx escapes it for a Location (NGX_ESCAPE_ARGS), or as the client sent it. */
export type PathForm = 'decoded' | 'encoded'

const end = '(?![\\s\\S])'

/** @param text a path that starts with a slash, %XX allowed (byte string) */
export function parsePattern(text: string): Pattern {
  return (text.match(/(?<=\/):[a-z_]\w*|\*|[^*:]+|:/gi) ?? []).map((token) => {
    if (token === '*') return { kind: 'splat' }
    if (token.length > 1 && token.startsWith(':')) return { kind: 'placeholder', name: token.slice(1) }
    return { kind: 'text', bytes: percentDecode(token) }
  })
}

/** The names that a target may refer to, in the order of their captures. */
export function captureNames(pattern: Pattern): string[] {
  return pattern.flatMap((part) => (part.kind === 'text' ? [] : [part.kind === 'splat' ? 'splat' : part.name]))
}

/**
 * A regular expression for a whole path, without an anchor at its start. A slash at the end makes no difference; `/news/*` also matches `/news`.
 * @param capture wraps the n-th capture (0-based); left out: nothing is captured
 */
export function patternSource(
  pattern: Pattern,
  form: PathForm,
  capture: (source: string, index: number) => string = (source) => source,
): string {
  let index = 0
  const last = pattern.at(-1)
  const body = pattern.map((part, position) => {
    if (part.kind === 'placeholder') return capture('[^/]+', index++)
    if (part.kind === 'splat') return capture('[\\s\\S]*', index++)
    return literalPart(pattern, position, form)
  })
  return body.join('') + (last?.kind === 'splat' ? end : `/?${end}`)
}

export function patternRegExp(pattern: Pattern): RegExp {
  return new RegExp(`^${patternSource(pattern, 'decoded')}`)
}

function literalPart(pattern: Pattern, position: number, form: PathForm): string {
  const part = pattern[position]
  const bytes = part?.kind === 'text' ? part.bytes : ''
  const isLast = position === pattern.length - 1
  if (isLast) return literal(bytes.replace(/\/+$/, ''), form)
  const beforeLastSplat = position === pattern.length - 2 && pattern.at(-1)?.kind === 'splat'
  if (!beforeLastSplat || !bytes.endsWith('/') || (position === 0 && bytes === '/')) return literal(bytes, form)
  return `${literal(bytes.slice(0, -1), form)}(?:/|${end})`
}

export function literal(bytes: string, form: PathForm): string {
  return bytes.replace(/[\s\S]/g, (byte) => literalByte(byte, form))
}

function literalByte(byte: string, form: PathForm): string {
  if (/[\w/-]/.test(byte)) return byte
  const raw = hexEscape(byte, '\\x')
  return form === 'encoded' && escapedByNginx(byte) ? `(?:${raw}|${hexEscape(byte)})` : raw
}

/** NGX_ESCAPE_ARGS of ngx_escape_uri(), and a little more: an alternative that never comes does no harm. */
function escapedByNginx(byte: string): boolean {
  return /[^!$()*,./0-9:=@A-Z_a-z~-]/.test(byte)
}
