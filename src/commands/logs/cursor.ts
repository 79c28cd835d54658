// A place in the log of one instance, so that it can be asked again from there: a runtime cuts times to milliseconds, and
// gives back all lines of the last one.
import type { LogLine } from '../../runtime/runtime.ts'

export interface Cursor {
  /** To be asked for with `since`; undefined: from the beginning. */
  resume(): Date | undefined
  /** Whether a line is new; notes that it was seen. */
  isNew(line: LogLine): boolean
}

/** @param start left out: nothing of the log has been seen or passed over */
export function createCursor(start?: Date): Cursor {
  let last = start?.getTime() ?? Number.NEGATIVE_INFINITY
  let seenInLast = 0
  let toSkip = 0
  return {
    resume() {
      toSkip = seenInLast
      return Number.isFinite(last) ? new Date(last) : undefined
    },
    isNew({ time }) {
      const ms = time.getTime()
      if (ms === last && toSkip > 0) {
        toSkip--
        return false
      }
      if (ms > last) [last, seenInLast] = [ms, 1]
      else if (ms === last) seenInLast++
      return true
    },
  }
}
