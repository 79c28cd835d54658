// Reads _redirects and _headers of a document root. All mistakes of both are listed at once.
import { type Problem, refuseProblems } from '../problem.ts'
import { readRepositoryFile } from '../repository-file.ts'
import { fromBytes, toBytes, toText } from './byte-string.ts'
import { parseHeaders } from './headers.ts'
import type { LineProblem, Parsed } from './line-problem.ts'
import type { StaticRules } from './nginx.ts'
import { findUnfit } from './nginx-redirects.ts'
import { parseRedirects } from './redirects.ts'

export interface ReadRules extends StaticRules {
  readonly contents: readonly (Buffer | undefined)[]
}

const maxBytes = 1024 * 1024

/** @throws HostingError invalid-site-config, with file and line of everything that is wrong */
export async function readRules(root: { readonly path: string; readonly folder: string }): Promise<ReadRules> {
  const name = (file: string) => (root.folder === '.' ? file : `${toText(root.folder)}/${file}`)
  const read = (file: string) =>
    readRepositoryFile({ name: name(file), path: toBytes(`${root.path}/${file}`), maxBytes })
  const [redirects, headers] = await Promise.all([read('_redirects'), read('_headers')])
  const parsedRedirects = parse(redirects, parseRedirects)
  const parsedHeaders = parse(headers, parseHeaders)
  refuseProblems([
    ...problemsOf(name('_redirects'), [...parsedRedirects.problems, ...findUnfit(parsedRedirects.rules)]),
    ...problemsOf(name('_headers'), parsedHeaders.problems),
  ])
  return { redirects: parsedRedirects.rules, headers: parsedHeaders.rules, contents: [redirects, headers] }
}

function parse<T>(content: Buffer | undefined, parser: (text: string) => Parsed<T>): Parsed<T> {
  if (content === undefined) return { rules: [], problems: [] }
  return parser(fromBytes(content).replace(/^\xef\xbb\xbf/, ''))
}

function problemsOf(file: string, problems: readonly LineProblem[]): Problem[] {
  return problems.toSorted((left, right) => left.line - right.line).map((problem) => ({ file, ...problem }))
}
