// A running child: its streams, its end. The same names and events as Node's own ChildProcess, as far as they are used here.
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { type End, stopWaitingFor } from './reaper.ts'

interface ChildEvents {
  /** It could not be started; nothing else follows. */
  error: [error: Error]
  exit: [code: number | null, signal: NodeJS.Signals | null]
  /** It has ended and all its streams have, too. */
  close: [code: number | null, signal: NodeJS.Signals | null]
}

export class Child extends EventEmitter<ChildEvents> {
  readonly pid: number | undefined
  readonly stdio: readonly (Socket | null)[]
  exitCode: number | null = null
  signalCode: NodeJS.Signals | null = null

  constructor(pid: number | undefined, stdio: readonly (Socket | null)[]) {
    super()
    this.pid = pid
    this.stdio = stdio
  }

  get stdin(): Socket | null {
    return this.stdio[0] ?? null
  }

  get stdout(): Socket | null {
    return this.stdio[1] ?? null
  }

  get stderr(): Socket | null {
    return this.stdio[2] ?? null
  }

  /** @returns false when it has ended: its id may belong to another by now */
  kill(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    if (this.pid === undefined || this.exitCode !== null || this.signalCode !== null) return false
    return process.kill(this.pid, signal)
  }

  /** This process may end before it. */
  unref(): void {
    if (this.pid !== undefined) stopWaitingFor(this.pid)
  }

  /** For its starter alone. */
  hasEnded({ code, signal }: End): void {
    this.exitCode = code
    this.signalCode = signal
    this.stdin?.destroy()
    this.emit('exit', code, signal)
    const streams = this.stdio.filter((stream) => stream !== null)
    let open = 1
    const closeOne = () => {
      open -= 1
      if (open === 0) this.emit('close', code, signal)
    }
    for (const stream of streams) {
      if (stream.closed) continue
      open += 1
      stream.once('close', closeOne)
      // What nobody reads would never come to its end. Somebody who reads on event "readable" or paused it meanwhile is left alone.
      if (stream.readableFlowing === null && stream.listenerCount('readable') === 0) stream.resume()
    }
    process.nextTick(closeOne)
  }
}
