// Looks at a tree that its uploader may be changing meanwhile: every file and link in it, by descriptors and without following anything.
import { createPace } from '../lib/pace.ts'
import { mostDepth, openParent, type Rooted } from '../lib/rooted.ts'

export interface Seen {
  readonly kind: 'file' | 'link'
  /** git's: 100644, 100755 or 120000. */
  readonly mode: string
  readonly size: number
  /** `device:inode`, as of a descriptor. */
  readonly inode: string
  readonly bornNs: bigint
  /** Changes with whatever is done to the file; ctime can't be set by anybody. */
  readonly signature: string
  readonly changedAtMs: number
}

export interface Scan {
  /** Paths are byte strings (latin1). */
  readonly files: ReadonlyMap<string, Seen>
  /** Not to be committed: `.git`, sockets, pipes, what lies too deep. */
  readonly leftOut: readonly string[]
  readonly bytes: number
}

interface Limits {
  readonly maxFiles: number
  readonly signal?: AbortSignal
}

/** What git, on any system, might take for `.git` (fsck refuses it in a push). */
const gitNames = /^(?:\.git[ .]*|git~1)(?::.*)?$/i

/** @param skip folders that are not looked into, such as storage: it is mounted there for the uploader only */
export async function scanTree(root: Rooted, skip: ReadonlySet<string>, { maxFiles, signal }: Limits): Promise<Scan> {
  const found = { files: new Map<string, Seen>(), leftOut: [] as string[], bytes: 0 }
  const pace = createPace(signal)
  const look = async (folder: Rooted, prefix: string, depth: number): Promise<void> => {
    for (const name of folder.names()) {
      const path = prefix + name
      if (skip.has(path)) continue
      if (gitNames.test(name)) found.leftOut.push(path)
      else await lookAt(folder, name, { path, depth })
      if (found.files.size > maxFiles) return
      if (pace.due()) await pace.rest()
    }
  }
  const lookAt = async (folder: Rooted, name: string, { path, depth }: { path: string; depth: number }) => {
    const stat = folder.stat(name)
    if (stat === undefined) return
    if (stat.isDirectory()) {
      if (depth === mostDepth) return void found.leftOut.push(path)
      using inner = folder.directory(name)
      if (inner !== undefined) await look(inner, `${path}/`, depth + 1)
      return
    }
    if (!stat.isFile() && !stat.isSymbolicLink()) return void found.leftOut.push(path)
    found.files.set(path, seen(stat))
    found.bytes += Number(stat.size)
  }
  await look(root, '', 0)
  return found
}

type Stat = NonNullable<ReturnType<Rooted['stat']>>

export function seen(stat: Stat): Seen {
  const { dev, ino, size, ctimeNs, mtimeNs, birthtimeNs, mode } = stat
  return {
    kind: stat.isFile() ? 'file' : 'link',
    mode: stat.isFile() ? ((mode & 0o100n) === 0n ? '100644' : '100755') : '120000',
    size: Number(size),
    inode: `${dev}:${ino}`,
    bornNs: birthtimeNs,
    signature: `${ino}:${size}:${ctimeNs}:${mtimeNs}:${mode}`,
    changedAtMs: Number(ctimeNs / 1_000_000n),
  }
}

/** A file, or all files of a folder, by their paths. */
export async function filesAt(root: Rooted, path: string, maxFiles: number): Promise<ReadonlyMap<string, Seen>> {
  const place = openParent(root, path)
  if (place === undefined) return new Map()
  using parent = place.parent
  using folder = parent.directory(place.name)
  if (folder !== undefined) {
    const { files } = await scanTree(folder, new Set(), { maxFiles })
    return new Map([...files].map(([name, one]) => [`${path}/${name}`, one]))
  }
  const stat = parent.stat(place.name)
  return stat?.isFile() === true ? new Map([[path, seen(stat)]]) : new Map()
}
