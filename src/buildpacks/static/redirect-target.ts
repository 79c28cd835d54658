// The right side of a rule in _redirects: a location to send the client to, or a page of this site to show.
import { fromText, percentDecode, percentEncode, toText } from './byte-string.ts'
import { LineError } from './line-problem.ts'

/** Text, or the index of a capture (path placeholders first, then those of the query). */
export type TargetPart = { readonly text: string } | { readonly capture: number }

export type RedirectTarget =
  | {
      readonly kind: 'location'
      readonly parts: readonly TargetPart[]
      /** With the "#"; empty without one. */
      readonly fragment: string
      /** Whether the target says its own query, so that the request's is not appended. */
      readonly hasQuery: boolean
    }
  | { readonly kind: 'page'; readonly parts: readonly TargetPart[] }

const maxLength = 2000

export function parseTarget(text: string, names: readonly string[], status: number): RedirectTarget {
  if (text.length > maxLength) throw new LineError(`the target is longer than ${maxLength} bytes`)
  return status >= 300 && status < 400 ? parseLocation(text, names) : parsePage(text, names, status)
}

function parseLocation(text: string, names: readonly string[]): RedirectTarget {
  const [address = '', ...fragment] = text.split('#')
  if (/^\/[/\\]/.test(address))
    throw new LineError('the target starts with two slashes', 'Write https:// before the name of another host.')
  return {
    kind: 'location',
    parts: splitParts(address, names).map((part) => ('text' in part ? { text: percentEncode(part.text) } : part)),
    fragment: fragment.length === 0 ? '' : `#${percentEncode(fragment.join('#'))}`,
    hasQuery: address.includes('?'),
  }
}

function parsePage(text: string, names: readonly string[], status: number): RedirectTarget {
  if (!text.startsWith('/'))
    throw new LineError(
      `the target "${toText(text)}" is on another host, and proxying is not supported`,
      `Redirect there (status 301 or 302 instead of ${status}), or use a path of this site.`,
    )
  if (text.startsWith('/.netlify/'))
    throw new LineError(`"${toText(text)}" names a service of Netlify that does not exist here`)
  const path = text.replace(/[?#].*$/, '')
  const parts = splitParts(path, names).map((part) => ('text' in part ? { text: percentDecode(part.text) } : part))
  if (parts.some((part) => 'text' in part && /(^|\/)\.\.?(\/|$)|\0/.test(part.text)))
    throw new LineError('the target may not have "." or ".." as a part')
  return { kind: 'page', parts }
}

function splitParts(text: string, names: readonly string[]): TargetPart[] {
  const parts: TargetPart[] = []
  let rest = 0
  for (const match of text.matchAll(/:([a-z_]\w*)/gi)) {
    const capture = names.indexOf(match[1] ?? '')
    if (capture === -1) refuseUnknown(text, match)
    else {
      if (match.index > rest) parts.push({ text: text.slice(rest, match.index) })
      parts.push({ capture })
      rest = match.index + match[0].length
    }
  }
  return rest < text.length ? [...parts, { text: text.slice(rest) }] : parts
}

/** A colon inside a segment may be meant as it stands; one at its start is a placeholder that was mistyped. */
function refuseUnknown(text: string, match: RegExpExecArray): void {
  if (match[1] !== 'splat' && text[match.index - 1] !== '/') return
  throw new LineError(
    `"${match[0]}" is not in the path of the rule`,
    match[1] === 'splat' ? 'End the path with "*" to have a :splat.' : fromText('Name the placeholder in the path.'),
  )
}
