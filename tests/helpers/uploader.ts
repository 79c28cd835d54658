// Somebody who drags files: real copy programs, on a person's key.
import { mkdir } from 'node:fs/promises'
import type { Person } from './person.ts'
import { type Ran, run } from './session.ts'
import { until } from './until.ts'

interface Door {
  readonly sshPort: number
}

export class Uploader {
  readonly person: Person
  readonly #door: Door

  constructor(person: Person, door: Door) {
    this.person = person
    this.#door = door
  }

  /** One batch of OpenSSH's sftp, in the person's home. */
  async sftp(...lines: readonly string[]): Promise<Ran> {
    const options = [...this.person.sshOptions, '-P', String(this.#door.sshPort)]
    return await this.#run('sftp', [...options, '-b', '-', 'sftp@127.0.0.1'], `${lines.join('\n')}\n`)
  }

  async sftpOk(...lines: readonly string[]): Promise<Ran> {
    return mustBeOk(await this.sftp(...lines))
  }

  async scp(...args: readonly string[]): Promise<Ran> {
    return await this.#run('scp', [...this.person.sshOptions, '-P', String(this.#door.sshPort), ...args])
  }

  async rsync(...args: readonly string[]): Promise<Ran> {
    return await this.#run('rsync', ['-e', this.shell, ...args])
  }

  /** A site as a directory that is made for it, by sshfs. */
  async mount(site: string, directory: string): Promise<AsyncDisposable> {
    await mkdir(directory)
    // sshfs knows neither -F nor -i.
    const options = [...this.person.sshOptions.slice(4), '-o', `IdentityFile=${this.person.keyFile}`]
    const port = ['-p', String(this.#door.sshPort), '-o', 'ssh_command=ssh -F /dev/null']
    mustBeOk(await this.#run('sshfs', [`x@127.0.0.1:/${site}`, directory, ...options, ...port]))
    return {
      async [Symbol.asyncDispose]() {
        await run('fusermount3', ['-u', directory])
      },
    }
  }

  async #run(program: string, args: readonly string[], input = ''): Promise<Ran> {
    return await run(program, args, { cwd: this.person.home, env: this.person.env, input })
  }

  /** For programs that start ssh themselves. */
  get shell(): string {
    return ['ssh', ...this.person.sshOptions, '-p', String(this.#door.sshPort)].join(' ')
  }
}

export function mustBeOk(ran: Ran): Ran {
  if (ran.exitCode === 0) return ran
  throw new Error(`ended with ${ran.exitCode}:\n${ran.output}`)
}

interface ListedRelease {
  readonly state: string
  readonly subject: string
  readonly account: string
  readonly reason: string | null
}

export async function releasesOf(person: Person, site: string): Promise<ListedRelease[]> {
  return (await person.json(`releases ${site}`)) as ListedRelease[]
}

/** Waits for a release that begins so. */
export async function untilRelease(person: Person, site: string, subject: string): Promise<ListedRelease> {
  return await until(`a release "${subject}" of ${site}`, async () => {
    const [newest] = await releasesOf(person, site)
    return newest?.subject.startsWith(subject) === true && ['live', 'failed'].includes(newest.state) && newest
  })
}
