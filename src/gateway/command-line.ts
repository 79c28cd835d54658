// A command line as typed at a door, into words and back: quotes and backslashes of the POSIX shell (2.2 Quoting), nothing else of it.
// No variable, pattern, substitution or operator means anything here: `$(…)`, `;` and `*` are letters like any other.
import { HostingError } from '../errors/hosting-error.ts'

interface Scan {
  readonly line: string
  position: number
  /** undefined between words: an empty pair of quotes is a word too. */
  word: string | undefined
  readonly words: string[]
}

/** @throws HostingError usage for a quote that is not closed, a backslash at the end, a NUL */
export function splitCommandLine(line: string): string[] {
  if (line.includes('\0')) throw usage('A command may not hold a NUL character')
  const scan: Scan = { line, position: 0, word: undefined, words: [] }
  while (scan.position < line.length) step(scan)
  endWord(scan)
  return scan.words
}

/** Quotes one word so that `splitCommandLine` gives it back exactly. */
export function quoteWord(word: string): string {
  if (word.includes('\0')) throw usage('A command may not hold a NUL character')
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

function step(scan: Scan): void {
  const char = next(scan)
  if (char === "'") append(scan, untilSingleQuote(scan))
  else if (char === '"') append(scan, untilDoubleQuote(scan))
  else if (char === '\\') escape(scan)
  else if (/[ \t\r\n]/.test(char)) endWord(scan)
  else append(scan, char)
}

function next(scan: Scan): string {
  return scan.line.charAt(scan.position++)
}

function append(scan: Scan, text: string): void {
  scan.word = (scan.word ?? '') + text
}

function endWord(scan: Scan): void {
  if (scan.word !== undefined) scan.words.push(scan.word)
  scan.word = undefined
}

function untilSingleQuote(scan: Scan): string {
  const end = scan.line.indexOf("'", scan.position)
  if (end < 0) throw usage("A single quote (') in the command is not closed")
  const text = scan.line.slice(scan.position, end)
  scan.position = end + 1
  return text
}

function untilDoubleQuote(scan: Scan): string {
  let text = ''
  while (scan.position < scan.line.length) {
    const char = next(scan)
    if (char === '"') return text
    text += char === '\\' ? escapedInDoubleQuotes(scan) : char
  }
  throw usage('A double quote (") in the command is not closed')
}

/** Within double quotes a backslash is one unless it stands before `$`, a backquote, `"`, itself or a line end (POSIX 2.2.3). */
function escapedInDoubleQuotes(scan: Scan): string {
  const following = scan.line.charAt(scan.position)
  if (following === '' || !'$`"\\\n'.includes(following)) return '\\'
  scan.position++
  return following === '\n' ? '' : following
}

function escape(scan: Scan): void {
  if (scan.position >= scan.line.length)
    throw usage('The command ends in the middle: nothing follows its last backslash')
  const char = next(scan)
  if (char !== '\n') append(scan, char)
}

function usage(message: string): HostingError {
  return new HostingError('usage', message, {
    hint: "Put what holds spaces or quotes into single quotes: 'like this'.",
  })
}
