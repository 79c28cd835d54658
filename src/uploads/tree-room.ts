// How large a working tree may become. No file system limits it, so the platform counts: what its sessions write, and when that could be too
// much, what lies there. In a tree that is full they may remove, and write nothing more.
import { readFileSync } from 'node:fs'
import type { Config } from '../config/load.ts'
import { exec } from '../lib/exec.ts'
import { Rooted } from '../lib/rooted.ts'
import type { ActiveView } from './active-views.ts'
import { scanTree } from './scan.ts'
import type { Session } from './session.ts'
import { ownerOfUploads, treeOf, type View } from './view.ts'

const bytesPerMb = 1024 * 1024
/** So much may be written before the tree is looked at for the first time. */
const unseenBytes = 32 * bytesPerMb
const lookAgainMs = 1000

/** Twice of what can be committed: all of it can be replaced before what was there goes. */
export function treeLimit(config: Config): number {
  return 2 * config['max-release-mb'] * bytesPerMb
}

/** What is known of a tree's size. */
export class TreeRoom {
  readonly #limit: number
  /** Written by each process so far. */
  readonly #written = new Map<number, number>()
  #seen: { readonly bytes: number; readonly written: number } | undefined
  #lookedAt = -Infinity

  constructor(config: Config) {
    this.#limit = treeLimit(config)
  }

  /** @returns whether it is full; undefined: as before */
  async look(view: View, { pids, isFull }: { pids: readonly number[]; isFull: boolean }): Promise<boolean | undefined> {
    for (const pid of pids) this.#written.set(pid, Math.max(writtenBy(pid), this.#written.get(pid) ?? 0))
    const written = [...this.#written.values()].reduce((sum, bytes) => sum + bytes, 0)
    const grown = written - (this.#seen?.written ?? 0)
    const mayBeFull =
      this.#seen === undefined ? grown > Math.min(unseenBytes, this.#limit / 4) : this.#seen.bytes + grown > this.#limit
    if (!isFull && !mayBeFull) return undefined
    if (performance.now() - this.#lookedAt < lookAgainMs && isFull) return undefined
    this.#lookedAt = performance.now()
    const bytes = await bytesIn(view)
    this.#seen = { bytes, written }
    return bytes > this.#limit
  }
}

async function bytesIn(view: View): Promise<number> {
  using root = Rooted.open(treeOf(view))
  return (await scanTree(root, view.storage, { maxFiles: Infinity })).bytes
}

/** proc_pid_io(5): answers to the client are among it, so the true number is smaller. */
function writtenBy(pid: number): number {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** From now on what they write is refused (EFBIG), or taken again. */
export async function limitWriting(session: Session, { refuse, config }: { refuse: boolean; config: Config }) {
  const most = refuse ? 0 : config['max-release-mb'] * bytesPerMb
  const [file, ...words] = asOwner('prlimit')
  // Only the soft limit: it can be raised again. Those that are not the session's own user stay as they are; they write nothing.
  for (const pid of session.pids()) await exec(file, [...words, '--pid', String(pid), `--fsize=${most}:`])
}

/** Processes of the same user may do that; root must have CAP_SYS_RESOURCE, which it lacks in some containers. */
function asOwner(program: string): [string, ...string[]] {
  const owner = ownerOfUploads()
  if (owner === undefined) return [program]
  return ['setpriv', `--reuid=${owner}`, `--regid=${owner}`, '--clear-groups', '--', program]
}

export function pidsIn(active: ActiveView, sessions: Iterable<Session>): number[] {
  return [...sessions].filter(({ views }) => views.includes(active)).flatMap((session) => session.pids())
}
