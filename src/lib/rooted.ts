// Files below a directory that somebody else writes to at the same time: each name is looked up below the descriptor of its folder and never
// followed, so that nothing put in the way leads out. Synchronous: one by one these calls are far cheaper than through the thread pool.
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { hasErrorCode } from './files.ts'

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants
/** open(2), O_PATH: names a file without opening it. The same on x86-64 and arm64. */
const O_PATH = 0o10000000

/** Whoever walks a tree has a descriptor open for each folder above, and folders can be moved into each other without end. */
export const mostDepth = 500

/** An open directory. Names are byte strings (latin1): those of files need not be UTF-8. */
export class Rooted implements Disposable {
  readonly fd: number

  private constructor(fd: number) {
    this.fd = fd
  }

  /** @param path of ours: only its last part may not be a link */
  static open(path: string): Rooted {
    return new Rooted(openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
  }

  /** Undefined where there is no directory of that name. One that its owner has closed to itself is opened. */
  directory(name: string): Rooted | undefined {
    const fd = unlessGone(() => this.#openReadable(name, O_DIRECTORY))
    return fd === undefined ? undefined : new Rooted(fd)
  }

  /** A regular file for reading; undefined where there is none. */
  file(name: string): number | undefined {
    if (this.stat(name)?.isFile() !== true) return undefined
    const fd = unlessGone(() => this.#openReadable(name, O_NONBLOCK | O_NOCTTY))
    if (fd === undefined || fstatSync(fd).isFile()) return fd
    closeSync(fd)
    return undefined
  }

  names(): string[] {
    return readdirSync(`/proc/self/fd/${this.fd}`, { encoding: 'latin1' })
  }

  /** The same, with what is a directory. */
  entries(): { readonly name: string; readonly isFolder: boolean }[] {
    const entries = readdirSync(`/proc/self/fd/${this.fd}`, { encoding: 'latin1', withFileTypes: true })
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
  }

  stat(name: string): BigIntStats | undefined {
    return unlessGone(() => lstatSync(this.at(name), { bigint: true }))
  }

  target(name: string): Buffer | undefined {
    return unlessGone(() => readlinkSync(this.at(name), { encoding: 'buffer' }))
  }

  makeDirectory(name: string, owner?: number): void {
    mkdirSync(this.at(name), 0o755)
    if (owner !== undefined) lchownSync(this.at(name), owner, owner)
  }

  /** A file that was not there, for writing. */
  makeFile(name: string, { mode, owner }: { mode: number; owner?: number | undefined }): number {
    const fd = openSync(this.at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
    if (owner !== undefined) fchownSync(fd, owner, owner)
    return fd
  }

  makeLink(name: string, target: Buffer, owner?: number): void {
    symlinkSync(target, this.at(name))
    if (owner !== undefined) lchownSync(this.at(name), owner, owner)
  }

  rename(name: string, newName: string): void {
    renameSync(this.at(name), this.at(newName))
  }

  remove(name: string): void {
    unlessGone(() => unlinkSync(this.at(name)))
  }

  /** Leaves one that is not empty. */
  removeDirectory(name: string): void {
    try {
      rmdirSync(this.at(name))
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EBUSY', 'ENOTDIR'].some((code) => hasErrorCode(error, code))) throw error
    }
  }

  at(name: string): Buffer {
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
      throw new TypeError('not the name of a file')
    return Buffer.from(`/proc/self/fd/${this.fd}/${name}`, 'latin1')
  }

  [Symbol.dispose](): void {
    closeSync(this.fd)
  }

  #openReadable(name: string, flags: number): number {
    try {
      return openSync(this.at(name), O_RDONLY | O_NOFOLLOW | flags)
    } catch (error) {
      if (!hasErrorCode(error, 'EACCES')) throw error
      this.#permit(name)
      return openSync(this.at(name), O_RDONLY | O_NOFOLLOW | flags)
    }
  }

  /** By a descriptor of the thing itself: a link that was put in its place meanwhile changes nothing of what it leads to. */
  #permit(name: string): void {
    const fd = openSync(this.at(name), O_PATH | O_NOFOLLOW)
    try {
      chmodSync(`/proc/self/fd/${fd}`, (fstatSync(fd).mode & 0o777) | 0o700)
    } finally {
      closeSync(fd)
    }
  }
}

/** The names on the way to a path's last one, opened one after the other; undefined where one of them is no directory. */
export function openParent(
  root: Rooted,
  path: string,
  { make = false, owner }: { make?: boolean; owner?: number | undefined } = {},
): { parent: Rooted; name: string } | undefined {
  const names = path.split('/')
  const name = names.pop() ?? ''
  let current = Rooted.open(`/proc/self/fd/${root.fd}/.`)
  for (const step of names) {
    if (make && current.stat(step) === undefined) current.makeDirectory(step, owner)
    const next = current.directory(step)
    current[Symbol.dispose]()
    if (next === undefined) return undefined
    current = next
  }
  return { parent: current, name }
}

function unlessGone<T>(operation: () => T): T | undefined {
  try {
    return operation()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL'].some((code) => hasErrorCode(error, code))) return undefined
    throw error
  }
}
