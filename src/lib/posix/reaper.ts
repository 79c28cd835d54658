// Learns of the end of the children that spawn.ts started. Node.js waits only for those that it started itself.
import { constants } from 'node:os'
import { waitPid } from './libc.ts'

export interface End {
  /** The exit status, or null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const dontBlock = 1
/** Keeps the process alive while a child runs, and finds an end whose signal was lost. */
const lookAgainMs = 1000

interface Watched {
  readonly onEnd: (end: End) => void
  /** Whether this process shall live until then. */
  waitedFor: boolean
}

const children = new Map<number, Watched>()
let timer: NodeJS.Timeout | undefined

/** Calls `onEnd` once, never before this returns. */
export function watch(pid: number, onEnd: (end: End) => void): void {
  timer ??= setInterval(reap, lookAgainMs)
  children.set(pid, { onEnd, waitedFor: true })
  timer.ref()
}

/** This process may end before that child. */
export function stopWaitingFor(pid: number): void {
  const child = children.get(pid)
  if (child !== undefined) child.waitedFor = false
  holdIfNeeded()
}

function holdIfNeeded(): void {
  if (![...children.values()].some(({ waitedFor }) => waitedFor)) timer?.unref()
}

/** Signals of several children may arrive as one: each is asked. */
function reap(): void {
  for (const [pid, { onEnd }] of children) {
    const status: [number] = [0]
    const ended = waitPid(pid, status, dontBlock)
    if (ended === 0) continue
    children.delete(pid)
    onEnd(ended === pid ? decode(status[0]) : { code: 1, signal: null })
  }
  if (children.size > 0) {
    holdIfNeeded()
    return
  }
  clearInterval(timer)
  timer = undefined
}

// Before the first child: one that ends at once must not be missed.
process.on('SIGCHLD', reap)

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]))

/** The status of waitpid(2): a signal in the lower seven bits, or an exit status above them. */
function decode(status: number): End {
  const signal = status & 0x7f
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null }
  return { code: null, signal: signalNames.get(signal) ?? 'SIGKILL' }
}
