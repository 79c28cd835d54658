// A site's source on a person's machine: write, commit, push.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Person, RunOptions } from './person.ts'
import type { Ran } from './session.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

export class WorkingCopy {
  readonly site: string
  readonly directory: string
  readonly person: Person

  private constructor(site: string, directory: string, person: Person) {
    this.site = site
    this.directory = directory
    this.person = person
  }

  /** A new repository with these files as its first commit, on `main`, with the remote `hosting`. Not pushed. */
  static async create(person: Person, site: string, files: Files): Promise<WorkingCopy> {
    const directory = await mkdtemp(join(person.home, `${site}-`))
    const copy = new WorkingCopy(site, directory, person)
    await copy.git('init', '-q', '-b', 'main')
    await copy.git('remote', 'add', 'hosting', person.remoteOf(site))
    await copy.commit(files)
    return copy
  }

  /** What a person gets who clones the site. */
  static async clone(person: Person, site: string): Promise<WorkingCopy> {
    const directory = await mkdtemp(join(person.home, `${site}-`))
    await person.gitOk(['clone', '-q', '-o', 'hosting', person.remoteOf(site), directory])
    return new WorkingCopy(site, directory, person)
  }

  async write(files: Files): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.directory, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
    }
  }

  async remove(...names: string[]): Promise<void> {
    for (const name of names) await rm(join(this.directory, name), { recursive: true })
  }

  /** Writes the files and commits everything there is; returns the commit's id. */
  async commit(files: Files = {}, message = 'Change'): Promise<string> {
    await this.write(files)
    await this.git('add', '-A')
    await this.git('commit', '-q', '--allow-empty', '-m', message)
    return (await this.git('rev-parse', 'HEAD')).stdout.trim()
  }

  /** `git push hosting ARGS`; `main` when left out. What the platform said is in `stderr`, after `remote: `. */
  async push(args: readonly string[] = ['main'], options: RunOptions = {}): Promise<Ran> {
    return await this.person.git(['push', 'hosting', ...args], { cwd: this.directory, ...options })
  }

  /** A push that has to succeed for the test to go on. */
  async pushOk(args?: readonly string[], options?: RunOptions): Promise<Ran> {
    const pushed = await this.push(args, options)
    if (pushed.exitCode !== 0) throw new Error(`git push ended with ${pushed.exitCode}:\n${pushed.output}`)
    return pushed
  }

  async git(...args: string[]): Promise<Ran> {
    return await this.person.gitOk(args, { cwd: this.directory })
  }
}
