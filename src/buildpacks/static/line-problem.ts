// Mistakes in files that are read line by line (_redirects, _headers): collected, so that all are shown at once.

export interface LineProblem {
  readonly line: number
  readonly text: string
  readonly hint?: string
}

export interface Parsed<T> {
  readonly rules: T[]
  readonly problems: LineProblem[]
}

/** Thrown inside the parsers only; `asProblem` gives it its line. */
export class LineError extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

export function asProblem(error: unknown, line: number): LineProblem {
  if (!(error instanceof LineError)) throw error
  return { line, text: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
}
