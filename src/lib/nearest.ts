// "Did you mean …": the known word that is at most two typing mistakes away from what was written.

const mostMistakes = 2

/** ` (did you mean X?)`, or nothing when no word is near. */
export function suggestion(written: string, known: readonly string[]): string {
  const [best] = known
    .map((word) => ({ word, mistakes: distance(written, word) }))
    .filter(({ word, mistakes }) => mistakes <= mostMistakes && mistakes < word.length / 2)
    .sort((a, b) => a.mistakes - b.mistakes)
  return best === undefined ? '' : ` (did you mean ${best.word}?)`
}

/** Levenshtein's distance, one row of the table at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, char] of Array.from(a).entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (char === b[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
