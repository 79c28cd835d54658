// Notes on rules that are to show a page with status 404 or 410 where the release has no such page. A release without it still works.
import { stat } from 'node:fs/promises'
import { toBytes, toText } from './byte-string.ts'
import type { FoundRoot } from './document-root.ts'
import { parts } from './published-names.ts'
import type { RedirectRule } from './redirects.ts'

const maxShown = 5

/** @param directory the release, published (byte string) */
export async function noteMissingPages(
  directory: string,
  { folder }: FoundRoot,
  rules: readonly RedirectRule[],
): Promise<string[]> {
  const file = folder === '.' ? '_redirects' : `${toText(folder)}/_redirects`
  const notes: string[] = []
  for (const rule of rules) {
    const page = fixedPage(rule)
    if (page === undefined || (await isPublished(directory, page))) continue
    notes.push(`${file}:${rule.line}: the page ${toText(page)}, to be shown with status ${rule.status}, does not exist`)
    if (notes.length === maxShown) break
  }
  return notes
}

/** Undefined for a page that depends on the request, and for a rule without a target, which is to have none. */
function fixedPage({ source, target, status }: RedirectRule): string | undefined {
  if (target.kind !== 'page' || status === 200) return undefined
  const [page, ...others] = target.parts
  if (page === undefined || !('text' in page) || others.length > 0) return undefined
  const [own, ...rest] = source.pattern
  return rest.length === 0 && own?.kind === 'text' && own.bytes === page.text ? undefined : page.text
}

/** Under the names that the instance tries (nginx.ts). */
async function isPublished(directory: string, page: string): Promise<boolean> {
  const names = [page, `${page}.html`, `${page}/index.html`]
  for (const path of parts.flatMap((part) => names.map((name) => `${directory}/${part}${name}`)))
    if (await isFile(path)) return true
  return false
}

async function isFile(path: string): Promise<boolean> {
  // A page that can't be looked up (a name too long, a file taken for a folder) can't be shown either.
  return await stat(toBytes(path)).then(
    (stats) => stats.isFile(),
    () => false,
  )
}
