// What an account is told of its uploads: at once if it listens, when it comes the next time, and by mail. Pure, but for the mail.
import { renderError } from '../errors/render.ts'
import type { Outcome } from './commit-view.ts'
import { listed } from './message.ts'
import type { View } from './view.ts'

/** Lines for the account; none: there is nothing to tell. */
export function describe(outcome: Outcome, site: string): string[] {
  switch (outcome.is) {
    case 'unchanged':
      return []
    case 'live':
      return describeLeftOut(outcome.leftOut, site)
    case 'refused':
      return [
        `✗ ${site}: your last upload (${files(outcome.files)}) is not live. The release before it serves on.`,
        ...renderError(outcome.error).map((line) => `  ${line}`),
        `  It is kept in your view and as branch ${outcome.branch}. Correct it there; it is tried again with the next change.`,
      ]
    case 'conflict':
      return [
        `✗ ${site}: somebody else has changed what you uploaded:`,
        ...listed(outcome.conflicts).map((line) => `    ${line}`),
        `  Theirs is live; yours is kept in your view and as branch ${outcome.branch}. Upload it again to replace theirs.`,
      ]
    case 'too-large':
      return [`✗ ${site}: your upload was not committed.`, ...renderError(outcome.error).map((line) => `  ${line}`)]
  }
}

/** What an account has not been told, or has to do something about. */
export function noticesOf({ siteName, state }: View): string[] {
  return [...state.notices, ...describeCutOff(siteName, state.cutOff)]
}

function describeCutOff(site: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return []
  return [
    `✗ ${site}: an upload was cut off. These are kept to be resumed, and not live:`,
    ...listed(paths).map((line) => `    ${line}`),
  ]
}

function describeLeftOut(paths: readonly string[], site: string): string[] {
  if (paths.length === 0) return []
  return [`${site}: not committed, as Git's own or no file: ${listed(paths, 5).join(', ')}`]
}

function files(count: number): string {
  return count === 1 ? '1 file' : `${count} files`
}
