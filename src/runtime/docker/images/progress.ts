// Tells whoever waits that something long is still going on, and what.

const everyMs = 5000

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
  const timer = setInterval(() => report(`  ${elapsed()}: ${last.trim().slice(0, 100)}`), everyMs)
  try {
    const result = await work((line) => void (last = line.trim() || last))
    report(`${title}: done in ${elapsed()}`)
    return result
  } finally {
    clearInterval(timer)
  }
}
