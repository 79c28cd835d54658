// Joins pieces of output into lines. A line longer than 64 kB is cut there: what a tenant prints must not fill our memory.

const newline = 0x0a
const defaultMaxLineBytes = 64 * 1024

export interface LineJoiner {
  /** Adds a piece and returns the lines it completes, without their ends. */
  push(piece: Buffer): string[]
  /** The last line, when it had no end. */
  end(): string[]
}

export function createLineJoiner(maxLineBytes = defaultMaxLineBytes): LineJoiner {
  let pieces: Buffer[] = []
  let size = 0
  let open = false

  function add(piece: Buffer): void {
    open = true
    const kept = piece.subarray(0, maxLineBytes - size)
    if (kept.length > 0) pieces.push(kept)
    size += kept.length
  }

  function take(): string {
    // Decoded only when whole: Docker cuts long lines at 16 kB, through the middle of a character if need be.
    const text = Buffer.concat(pieces).toString('utf8')
    pieces = []
    size = 0
    open = false
    return text.endsWith('\r') ? text.slice(0, -1) : text
  }

  return {
    push(piece) {
      const lines: string[] = []
      let start = 0
      for (let end = piece.indexOf(newline); end !== -1; end = piece.indexOf(newline, start)) {
        add(piece.subarray(start, end))
        lines.push(take())
        start = end + 1
      }
      if (start < piece.length) add(piece.subarray(start))
      return lines
    },
    end: () => (open ? [take()] : []),
  }
}
