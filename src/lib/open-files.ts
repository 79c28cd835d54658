// Which files other processes have open for writing, as the kernel lists them (proc_pid_fd(5)).
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'

export interface OpenFile {
  /** As the process sees it, from the root of its mounts; a byte string (latin1). */
  readonly path: string
  /** `device:inode` */
  readonly inode: string
  /** When it was made: the number of a file that is gone may be another's soon. */
  readonly bornNs: bigint
}

/** A process and all that it has started; those that have ended meanwhile are left out. */
export function processesBelow(pid: number): number[] {
  const children = attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')) ?? ''
  const started = children.split(' ').filter((word) => word !== '')
  return [pid, ...started.flatMap((child) => processesBelow(Number(child)))]
}

export function filesOpenForWriting(pid: number): OpenFile[] {
  const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  return descriptors.flatMap((descriptor) => attempt(() => writtenBy(pid, descriptor)) ?? [])
}

function writtenBy(pid: number, descriptor: string): OpenFile[] {
  const info = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1')
  const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '0', 8)
  // O_ACCMODE: 1 and 2 are O_WRONLY and O_RDWR.
  if ((flags & 3) === 0) return []
  const path = readlinkSync(`/proc/${pid}/fd/${descriptor}`, { encoding: 'latin1' })
  if (!path.startsWith('/')) return []
  const { dev, ino, birthtimeNs } = statSync(`/proc/${pid}/fd/${descriptor}`, { bigint: true })
  return [{ path, inode: `${dev}:${ino}`, bornNs: birthtimeNs }]
}

/** What it has read and written so far, and whether it waits: two equal answers mean that it has nothing to do. */
export function progressOf(pid: number): string | undefined {
  const state = attempt(() =>
    readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .slice(0, 1),
  )
  const moved = attempt(() => readFileSync(`/proc/${pid}/io`, 'latin1').split('\n').slice(0, 4).join(' '))
  return state === undefined ? undefined : `${state} ${moved ?? ''}`
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
