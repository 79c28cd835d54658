// Takes `DEFINER=…` out of a stream of SQL, in constant memory: a dump names accounts of the server that it came from, which an account
// of a site may not, and should not, make objects for. What stands in strings, names and comments is left as it is.
import { Transform, type TransformCallback } from 'node:stream'

/** Inside of what we are; `code` is everything else, `/*! … *\/` among it, which servers execute. */
type Place = 'code' | "'" | '"' | '`' | 'line' | 'block'

const user = '(?:`(?:[^`]|``)*`|\'(?:[^\'\\\\]|\\\\.|\'\')*\'|"(?:[^"\\\\]|\\\\.|"")*"|[\\w$]+)'
const definer = `\\bDEFINER\\s*=\\s*(?:CURRENT_USER(?:\\s*\\(\\s*\\))?|${user}\\s*@\\s*${user})`
/** `--` begins a comment only before a space or a control character (as in MySQL and MariaDB, unlike standard SQL). */
const inCode = new RegExp(`['"\`]|#|--(?=[\\x00-\\x20])|/\\*(?!!|M!)|${definer}`, 'g' + 'i')
const ends: Record<Exclude<Place, 'code'>, RegExp> = {
  "'": /\\|'/g,
  '"': /\\|"/g,
  '`': /`/g,
  line: /\n/g,
  block: /\*\//g,
}
/** A definer is shorter (two names of at most 255 bytes), so one that begins before this is complete. */
const heldBack = 1024

export class DefinerFilter {
  #place: Place = 'code'
  #carry = Buffer.alloc(0)
  /** Whether the byte before the carried ones was part of a word: `UNDEFINER` may have been cut in two. */
  #insideWord = false

  /** The next piece, however it was cut. @returns what can be handed on by now */
  push(chunk: Buffer): Buffer {
    return this.#filter(Buffer.concat([this.#carry, chunk]), heldBack)
  }

  end(): Buffer {
    return this.#filter(this.#carry, 0)
  }

  #filter(bytes: Buffer, keep: number): Buffer {
    // Latin 1: a character is a byte. No byte of a longer UTF-8 character is mistaken for one that matters here (all are ASCII).
    const text = bytes.toString('latin1')
    const limit = text.length - keep
    const kept: Buffer[] = []
    let from = 0
    let at = 0
    while (at < limit) {
      const found = find(this.#place === 'code' ? inCode : ends[this.#place], text, at)
      if (found === undefined || found.index >= limit) {
        at = Math.max(at, limit)
        break
      }
      const { index, token } = found
      at = index + token.length
      if (token === '\\') at += 1
      else if (this.#place !== 'code') this.#place = 'code'
      else if (/^d/i.test(token)) {
        if (index === 0 && this.#insideWord) continue
        kept.push(bytes.subarray(from, index))
        from = at
      } else this.#place = placeBehind(token)
    }
    at = Math.min(at, text.length)
    kept.push(bytes.subarray(from, at))
    if (at > 0) this.#insideWord = /\w/.test(text.charAt(at - 1))
    this.#carry = Buffer.from(bytes.subarray(at))
    return Buffer.concat(kept)
  }
}

function find(pattern: RegExp, text: string, from: number): { index: number; token: string } | undefined {
  pattern.lastIndex = from
  const match = pattern.exec(text)
  return match === null ? undefined : { index: match.index, token: match[0] }
}

function placeBehind(token: string): Place {
  if (token === "'" || token === '"' || token === '`') return token
  return token === '/*' ? 'block' : 'line'
}

export function withoutDefiners(): Transform {
  const filter = new DefinerFilter()
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      done(null, filter.push(chunk))
    },
    flush(done) {
      done(null, filter.end())
    },
  })
}
