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

/** The last lines over two files, `path` and `path.1`, which it was renamed to; the position is that in the newer. */
export async function readRotatedTail(path: string, count: number): Promise<Partial<Tail> & Pick<Tail, 'lines'>> {
  const current = await readTail(path, count)
  const missing = count - (current?.lines.length ?? 0)
  const older = missing > 0 ? await readTail(`${path}.1`, missing) : undefined
  return { ...current, lines: [...(older?.lines ?? []), ...(current?.lines ?? [])] }
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

/** Whoever writes to a file that is renamed may do so for a while: nginx for 2 s (`open_log_file_cache … valid`), each worker by itself. */
const lateMs = 3000

/**
 * Lines as they are added, until the signal aborts. Once a new file stands in the place of one that was renamed, both are read, the
 * old one first, until nobody writes to that any more.
 */
export async function* followLines(path: string, options: FollowOptions): AsyncGenerator<string> {
  const { clock, signal, pollMs = 250 } = options
  let current = await openAt(path, options.from)
  const former: { log: OpenLog; until: number }[] = []
  try {
    while (!signal.aborted) {
      if (await isReplaced(path, current)) {
        if (current !== undefined) former.push({ log: current, until: clock.now().getTime() + lateMs })
        // Most of what is late is there after a moment: so lines keep their order.
        if (current !== undefined) await pause(clock, pollMs, signal)
        current = await openAt(path)
      }
      for (const { log } of former) yield* log.lines()
      if (current !== undefined) yield* current.lines()
      while (former[0] !== undefined && former[0].until < clock.now().getTime()) await former.shift()?.log.close()
      await pause(clock, pollMs, signal)
    }
    for (const { log } of former) yield* log.lines()
    if (current !== undefined) yield* current.lines()
  } finally {
    for (const { log } of former) await log.close()
    await current?.close()
  }
}

/** Not by nothing: as long as there is no new file, lines go to the old one. */
async function isReplaced(path: string, current: OpenLog | undefined): Promise<boolean> {
  const inode = await inodeOf(path)
  return inode !== undefined && inode !== current?.inode
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
