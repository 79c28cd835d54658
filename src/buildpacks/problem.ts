// A mistake in a file of the repository, and the one error that lists all of them.
import { HostingError } from '../errors/hosting-error.ts'

export interface Problem {
  /** Path in the repository. */
  readonly file: string
  /** 1-based; left out when the mistake has no line. */
  readonly line?: number
  /** Dotted path of a key, where the file has keys. */
  readonly key?: string
  readonly text: string
  readonly hint?: string
}

const maxShown = 20

/** @throws HostingError invalid-site-config when there are any */
export function refuseProblems(problems: readonly Problem[]): void {
  const [first] = problems
  if (first === undefined) return
  const files = [...new Set(problems.map(({ file }) => file))].join(', ')
  const hidden = problems.length - maxShown
  throw new HostingError(
    'invalid-site-config',
    problems.length === 1 ? `There is a mistake in ${files}` : `There are ${problems.length} mistakes in ${files}`,
    {
      details: [...problems.slice(0, maxShown).map(renderProblem), ...(hidden > 0 ? [`… and ${hidden} more`] : [])],
      hint: problems.find(({ hint }) => hint !== undefined)?.hint ?? 'Correct what is listed, commit, and push again.',
    },
  )
}

function renderProblem({ file, line, key, text }: Problem): string {
  return [line === undefined ? file : `${file}:${line}`, ...(key === undefined ? [] : [key]), text].join(': ')
}
