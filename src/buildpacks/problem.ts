// A mistake in a file of the repository, and the one error that lists all of them.
import { HostingError } from '../errors/hosting-error.ts'

export interface Problem {
  /** Path in the repository. */
  readonly file: string
  /** 1-based; left out when the mistake has no line. */
  readonly line?: number
  /** 1-based; only with a line. */
  readonly column?: number
  /** Dotted path of a key, where the file has keys. */
  readonly key?: string
  readonly text: string
  readonly hint?: string
}

const maxShown = 20

/** Keeps the problems as they are, for whoever knows more of them. */
export class RefusedProblems extends HostingError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[], message: string, more: { details: string[]; hint: string }) {
    super('invalid-site-config', message, more)
    this.problems = problems
  }
}

/** @throws HostingError invalid-site-config when there are any */
export function refuseProblems(problems: readonly Problem[]): void {
  const [first] = problems
  if (first === undefined) return
  const files = [...new Set(problems.map(({ file }) => file))].join(', ')
  const hidden = problems.length - maxShown
  const alone = problems.length === 1
  throw new RefusedProblems(
    problems,
    alone ? `There is a mistake in ${files}` : `There are ${problems.length} mistakes in ${files}`,
    {
      details: [
        ...problems.slice(0, maxShown).flatMap((problem) => renderProblem(problem, !alone)),
        ...(hidden > 0 ? [`… and ${hidden} more`] : []),
      ],
      hint: (alone ? first.hint : undefined) ?? 'Correct what is listed, commit, and push again.',
    },
  )
}

/** Of several, each has its hint below it: one at the end would not say whose it is. */
function renderProblem({ file, line, column, key, text, hint }: Problem, withHint: boolean): string[] {
  const place = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':')
  const said = [place, ...(key === undefined ? [] : [key]), text].join(': ')
  return withHint && hint !== undefined ? [said, `  → ${hint}`] : [said]
}
