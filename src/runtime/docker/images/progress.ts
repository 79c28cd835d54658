// Tells whoever waits that something long is still going on, and what.

import { stripVTControlCharacters } from 'node:util'

/** What prints by itself is slow enough to be looked at now and then. */
const everyMs = 15_000

export type Report = (line: string) => void

/** Prints the title, every few seconds what was noted last, and how long it took in the end. */
export async function withProgress<T>(
  { title, report }: { title: string; report: Report },
  work: (note: (line: string) => void) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now()
  const elapsed = () => `${Math.round((performance.now() - startedAt) / 1000)} s`
  let last = ''
  report(`${title} …`)
  const timer = setInterval(() => report(`  ${elapsed()}: ${last}`), everyMs)
  try {
    const result = await work((text) => void (last = lastLine(text) || last))
    report(`${title}: done in ${elapsed()}`)
    return result
  } finally {
    clearInterval(timer)
  }
}

/** Of what a program wrote for a terminal: bars that are drawn over, colours, several lines at once. */
function lastLine(text: string): string {
  const lines = stripVTControlCharacters(text).split(/[\r\n]/)
  return (lines.findLast((line) => line.trim() !== '') ?? '').trim().slice(0, 100)
}
