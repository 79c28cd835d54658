// What a jailed program tells of itself (jail/enter.c): that the door is closed behind it, then which files were refused room.
import type { Duplex } from 'node:stream'
import { createLineJoiner } from '../../lib/lines.ts'
import type { Refusal } from '../../uploads/types.ts'

export interface Reports {
  /** False: it ended before. */
  readonly entered: Promise<boolean>
}

const line = /^(file|space) (\d+:\d+)$/

/** @param refused looks at the file at once: the program waits for that */
export function reportsOf(stream: Duplex, refused: (refusal: Refusal) => void): Reports {
  const joiner = createLineJoiner(256)
  const entered = new Promise<boolean>((resolve) => {
    stream.on('data', (piece: Buffer) => {
      for (const text of joiner.push(piece)) {
        if (text === '+') resolve(true)
        const [, why, inode] = line.exec(text) ?? []
        if (inode === undefined) continue
        refused({ why: why === 'file' ? 'file-size' : 'no-space', inode })
        stream.write('+')
      }
    })
    for (const event of ['close', 'end', 'error']) stream.on(event, () => resolve(false))
  })
  return { entered }
}
