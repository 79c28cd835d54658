// A program in its jail, as the door sees it, whoever has started it: its streams, its processes and its end.
import type { Duplex, Readable, Writable } from 'node:stream'
import { type Child, ended, killGroup, start } from '../../lib/exec.ts'
import { processesBelow } from '../../lib/open-files.ts'
import type { Stdio } from '../../lib/posix/spawn.ts'
import { jailArguments, type JailSetting } from './arguments.ts'
import type { JailOrder } from './order.ts'

export interface Jailed {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Says `+` when the door is closed behind the program, then a line for each file that was refused room; each wants a byte for answer. */
  readonly reports: Duplex
  /** The program and what it has started; none once it has ended: the number may be another's. */
  readonly pids: () => number[]
  readonly kill: () => void
  readonly exited: Promise<void>
  /** With its exit status, when its streams have ended, too. */
  readonly ended: Promise<number>
}

/** @param stdio by descriptor: 0 to 3 */
export function startInJail(order: JailOrder, setting: JailSetting, stdio: readonly Stdio[]): Child {
  return start('bwrap', jailArguments(order, setting), { stdio })
}

export function startJailed(order: JailOrder, setting: JailSetting): Jailed {
  const child = startInJail(order, setting, ['pipe', 'pipe', 'pipe', 'pipe'])
  const [stdin, stdout, stderr, reports] = child.stdio
  const end = ended(child)
  end.catch(() => undefined)
  if (!stdin || !stdout || !stderr || !reports) throw new Error('the jail was started without its streams')
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  return {
    ...{ stdin, stdout, stderr, reports, exited, ended: end },
    pids: () => (hasEnded(child) ? [] : processesBelow(child.pid ?? 0)),
    kill: () => killGroup(child.pid),
  }
}

function hasEnded({ pid, exitCode, signalCode }: Child): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null
}
