// Decides whether a file may be served by the edge as it is, or only by the instance, because a rule has a say in it. Pure.
import type { StaticRules } from './nginx.ts'
import { patternRegExp } from './path-pattern.ts'
import type { Part } from './published-names.ts'

export type Partition = (path: string) => Part

/** So many patterns on thousands of files would keep the daemon busy; then the instance serves all of the site. */
const maxPatterns = 300

/**
 * Headers touch what their pattern matches; redirects only when forced, since a file comes before any other rule.
 * Hosts and queries are not looked at: a rule that may apply, applies.
 */
export function partitionOf({ redirects, headers }: StaticRules): Partition {
  const forced = redirects.filter(({ force }) => force).map(({ source }) => source.pattern)
  const sources = new Map(
    [...forced, ...headers.map(({ pattern }) => pattern)].map((pattern) => [JSON.stringify(pattern), pattern]),
  )
  if (sources.size === 0) return () => 'edge'
  if (sources.size > maxPatterns) return () => 'ruled'
  const patterns = [...sources.values()].map(patternRegExp)
  return (path) => {
    const forms = [...urlForms(path), ...urlForms(partnerOf(path))]
    return patterns.some((pattern) => forms.some((form) => pattern.test(form))) ? 'ruled' : 'edge'
  }
}

/** Every path that this file answers to. */
function urlForms(path: string): string[] {
  const forms = [`/${path}`]
  if (path.endsWith('.html')) forms.push(`/${path.slice(0, -'.html'.length)}`)
  const folder = /^(.*\/)?index\.html$/.exec(path)
  if (folder !== null) forms.push(`/${folder[1] ?? ''}`)
  return forms
}

/** `x` comes before `x.html` for /x: the edge sees that only if both are there, or neither. */
export function partnerOf(path: string): string {
  return path.endsWith('.html') ? path.slice(0, -'.html'.length) : `${path}.html`
}
