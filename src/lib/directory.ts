// A directory held open, in which things are done by name: whoever may write there can put links and other directories in the way, and still
// leads nobody elsewhere. Each name is looked up below the descriptor (/proc/self/fd/N/name), and its last part is never followed.
import { constants, type Stats } from 'node:fs'
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises'
import { absentAsUndefined, hasErrorCode } from './files.ts'

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants

/** Names are byte strings (latin1): those of files need not be UTF-8. */
export class Directory implements AsyncDisposable {
  readonly handle: FileHandle

  private constructor(handle: FileHandle) {
    this.handle = handle
  }

  /** @param path of ours: only its last part may not be a link */
  static async open(path: string): Promise<Directory> {
    return new Directory(await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
  }

  /** The same directory, to be closed on its own. */
  async duplicate(): Promise<Directory> {
    return new Directory(await open(`/proc/self/fd/${this.handle.fd}`, O_RDONLY | O_DIRECTORY))
  }

  /** Undefined where there is none: nothing, or something that is no directory. */
  async directory(name: string): Promise<Directory | undefined> {
    try {
      return new Directory(await open(this.#at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].some((code) => hasErrorCode(error, code))) return undefined
      throw error
    }
  }

  async makeDirectory(name: string): Promise<void> {
    await mkdir(this.#at(name), 0o700)
  }

  async names(): Promise<string[]> {
    return (await readdir(`/proc/self/fd/${this.handle.fd}`, { encoding: 'latin1' })).sort()
  }

  /** Of the thing itself, be it a link. */
  async stat(name: string): Promise<Stats | undefined> {
    return await absentAsUndefined(lstat(this.#at(name)))
  }

  /** A regular file for reading; undefined where there is none: a device or a FIFO would block or do something. */
  async file(name: string): Promise<FileHandle | undefined> {
    if ((await this.stat(name))?.isFile() !== true) return undefined
    const file = await absentAsUndefined(open(this.#at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY))
    if ((await file?.stat())?.isFile() === true) return file
    await file?.close()
    return undefined
  }

  /** A file that was not there, for writing. */
  async makeFile(name: string): Promise<FileHandle> {
    return await open(this.#at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  }

  async target(name: string): Promise<string | undefined> {
    return await absentAsUndefined(readlink(this.#at(name), 'latin1'))
  }

  async makeLink(name: string, target: string): Promise<void> {
    await symlink(Buffer.from(target, 'latin1'), this.#at(name))
  }

  /** To a name that nothing has, or an empty directory where it is one itself. */
  async moveDirectory(name: string, to: Directory, newName: string): Promise<void> {
    await rename(this.#at(name), to.#at(newName))
  }

  /** Fails where something has the new name. */
  async moveFile(name: string, to: Directory, newName: string): Promise<void> {
    await link(this.#at(name), to.#at(newName))
    await unlink(this.#at(name))
  }

  async remove(name: string): Promise<void> {
    await unlink(this.#at(name)).catch(async (error: unknown) => {
      if (!hasErrorCode(error, 'EISDIR') && !hasErrorCode(error, 'EPERM')) throw error
      await rmdir(this.#at(name))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close()
  }

  #at(name: string): Buffer {
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
      throw new TypeError('not the name of a file')
    return Buffer.from(`/proc/self/fd/${this.handle.fd}/${name}`, 'latin1')
  }
}

/** The names of a path, which is relative, as the bytes they have in UTF-8. */
export function namesOf(path: string): string[] {
  return Buffer.from(path.replace(/\/+$/, ''), 'utf8').toString('latin1').split('/')
}
