// What the log of a site says about its mail. What goes wrong the same way again and again is said once in a while, with its number.
import type { Clock } from '../../lib/clock.ts'

const quietMs = 600_000
/** Kinds may be what a relay answered, thus of any number. */
const maxKinds = 50

export interface Notes {
  say(text: string): void
  /** Says it unless the same kind of thing was said lately. */
  sayOnce(kind: string, text: string): void
}

export function createNotes(write: (text: string) => void, clock: Clock): Notes {
  const said = new Map<string, { at: number; more: number }>()
  return {
    say: write,
    sayOnce(kind, text) {
      const now = clock.now().getTime()
      const last = said.get(kind)
      if (last !== undefined && now - last.at < quietMs) {
        last.more++
        return
      }
      said.delete(kind)
      const [oldest] = said.keys()
      if (said.size >= maxKinds && oldest !== undefined) said.delete(oldest)
      said.set(kind, { at: now, more: 0 })
      write(last === undefined || last.more === 0 ? text : `${text} (and ${last.more} times before this)`)
    },
  }
}
