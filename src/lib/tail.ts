// The end of a file of lines, read backwards, and what is added to it later: through renames (log rotation) and truncation.
// Memory is bounded: by `maxBytes` backwards, by one line of 64 kB forwards.
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { Clock } from './clock.ts'
import { absentAsUndefined } from './files.ts'
import { pause } from './pause.ts'

const blockBytes = 64 * 1024
const newline = 0x0a

/** A place in a file that may be renamed meanwhile. */
export interface TailPosition {
  readonly inode: number
  readonly offset: number
}

export interface Tail {
  readonly lines: string[]
  /** After the last complete line. */
  readonly position: TailPosition
}

/** The last `count` complete lines of a file, oldest first; undefined when there is no such file. */
export async function readTail(path: string, count: number, maxBytes = 8 * 1024 * 1024): Promise<Tail | undefined> {
  const file = await absentAsUndefined(open(path, 'r'))
  if (file === undefined) return undefined
  try {
    const { size, ino } = await file.stat()
    const { bytes, start } = await lastBytes(file, { size, count, maxBytes })
    const end = bytes.lastIndexOf(newline) + 1
    const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1)
    const whole = start === 0 ? lines : lines.slice(1)
    return { lines: count === 0 ? [] : whole.slice(-count), position: { inode: ino, offset: start + end } }
  } finally {
    await file.close()
  }
}

async function lastBytes(
  file: FileHandle,
  { size, count, maxBytes }: { size: number; count: number; maxBytes: number },
): Promise<{ bytes: Buffer; start: number }> {
  const blocks: Buffer[] = []
  let start = size
  // One more line end than lines: the one before the first of them.
  for (let missing = count + 1; start > 0 && missing > 0 && size - start < maxBytes; ) {
    const block = await readAt(file, Math.max(0, start - blockBytes), start)
    start -= block.length
    missing -= block.reduce((sum, byte) => (byte === newline ? sum + 1 : sum), 0)
    blocks.unshift(block)
  }
  return { bytes: Buffer.concat(blocks), start }
}

async function readAt(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from)
  return buffer.subarray(0, bytesRead)
}

export interface FollowOptions {
  /** Left out: from the start of the file, which may be made later. */
  readonly from?: TailPosition | undefined
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly pollMs?: number
}

/** Lines as they are added, until the signal aborts. A file that was renamed is read to its end before the new one. */
export async function* followLines(path: string, options: FollowOptions): AsyncGenerator<string> {
  const { clock, signal, pollMs = 250 } = options
  let log = await openAt(path, options.from)
  try {
    while (!signal.aborted) {
      const replaced = log !== undefined && (await inodeOf(path)) !== log.inode
      // Whoever wrote to the old file may not have noticed yet: give them a moment, then read it to its end.
      if (replaced) await pause(clock, pollMs, signal)
      if (log !== undefined) yield* log.lines()
      if (replaced) {
        await log?.close()
        log = undefined
      }
      log ??= await openAt(path)
      if (!replaced) await pause(clock, pollMs, signal)
    }
    if (log !== undefined) yield* log.lines()
  } finally {
    await log?.close()
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await absentAsUndefined(stat(path)))?.ino
}

interface OpenLog {
  readonly inode: number
  lines(): AsyncGenerator<string>
  close(): Promise<void>
}

async function openAt(path: string, from?: TailPosition): Promise<OpenLog | undefined> {
  const file = await absentAsUndefined(open(path, 'r'))
  if (file === undefined) return undefined
  const inode = (await file.stat()).ino
  let offset = from?.inode === inode ? from.offset : 0
  const splitter = createLineSplitter()
  return {
    inode,
    async *lines() {
      if ((await file.stat()).size < offset) offset = 0
      for (;;) {
        const block = await readAt(file, offset, offset + blockBytes)
        if (block.length === 0) return
        offset += block.length
        yield* splitter(block)
      }
    },
    close: () => file.close(),
  }
}

/** Cuts blocks into lines; what is over 64 kB of a line is dropped. */
function createLineSplitter(): (block: Buffer) => string[] {
  let rest = Buffer.alloc(0)
  return (block) => {
    const lines: string[] = []
    let from = 0
    for (let end = block.indexOf(newline); end !== -1; end = block.indexOf(newline, from)) {
      lines.push(Buffer.concat([rest, block.subarray(from, end)]).toString('utf8'))
      rest = Buffer.alloc(0)
      from = end + 1
    }
    rest = Buffer.concat([rest, block.subarray(from)]).subarray(0, blockBytes)
    return lines
  }
}
