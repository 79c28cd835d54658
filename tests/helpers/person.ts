// Somebody with an SSH key of their own, who types git and ssh: their home directory, their known_hosts, nothing of the machine's.
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Conversation } from './conversation.ts'
import { type Ran, run, runOk } from './session.ts'

export interface Door {
  readonly sshPort: number
}

export interface RunOptions {
  readonly cwd?: string
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

export interface SshOptions extends RunOptions {
  /** Of the client, such as `-tt` for a terminal. */
  readonly flags?: readonly string[]
}

export class Person {
  readonly name: string
  readonly home: string
  readonly #door: Door

  private constructor(name: string, home: string, door: Door) {
    this.name = name
    this.home = home
    this.#door = door
  }

  /** Makes the home directory and the key. The platform doesn't know of it yet. */
  static async withKey(name: string, directory: string, door: Door): Promise<Person> {
    const person = new Person(name, join(directory, name), door)
    await mkdir(person.home, { recursive: true, mode: 0o700 })
    await runOk('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@test`, '-f', person.keyFile])
    return person
  }

  get keyFile(): string {
    return join(this.home, 'id_ed25519')
  }

  async publicKey(): Promise<string> {
    return (await readFile(`${this.keyFile}.pub`, 'utf8')).trim()
  }

  /** The options of an OpenSSH client that knows only this person's key and the port of this platform. */
  get sshOptions(): string[] {
    const options = {
      IdentitiesOnly: 'yes',
      UserKnownHostsFile: join(this.home, 'known_hosts'),
      GlobalKnownHostsFile: '/dev/null',
      StrictHostKeyChecking: 'accept-new',
      ControlMaster: 'no',
      BatchMode: 'yes',
      LogLevel: 'ERROR',
    }
    const settings = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`])
    return ['-F', '/dev/null', '-i', this.keyFile, ...settings]
  }

  get env(): Record<string, string> {
    return {
      HOME: this.home,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_SSH_COMMAND: ['ssh', ...this.sshOptions].join(' '),
      GIT_AUTHOR_NAME: this.name,
      GIT_AUTHOR_EMAIL: `${this.name}@example.org`,
      GIT_COMMITTER_NAME: this.name,
      GIT_COMMITTER_EMAIL: `${this.name}@example.org`,
    }
  }

  /** Types `ssh hosting COMMAND LINE`. */
  async ssh(commandLine: string, { flags = [], ...options }: SshOptions = {}): Promise<Ran> {
    return await run('ssh', this.#sshArguments(commandLine, flags), { env: this.env, input: '', ...options })
  }

  /** As `ssh`, for what goes on until it is told to end. */
  open(commandLine: string, flags: readonly string[] = []): Conversation {
    return new Conversation('ssh', this.#sshArguments(commandLine, flags), this.env)
  }

  /** As `ssh`, with --json, parsed. Throws when the command fails. */
  async json(commandLine: string): Promise<unknown> {
    const { exitCode, stdout, output } = await this.ssh(`${commandLine} --json`)
    if (exitCode !== 0) throw new Error(`${commandLine} ended with ${exitCode}:\n${output}`)
    return JSON.parse(stdout)
  }

  #sshArguments(commandLine: string, flags: readonly string[]): string[] {
    const target = ['-p', String(this.#door.sshPort), 'git@127.0.0.1']
    return [...this.sshOptions, ...flags, ...target, ...(commandLine === '' ? [] : [commandLine])]
  }

  async git(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const { env = {}, ...rest } = options
    return await run('git', args, { cwd: this.home, ...rest, env: { ...this.env, ...env } })
  }

  async gitOk(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await this.git(args, options)
    if (ran.exitCode !== 0) throw new Error(`git ${args.join(' ')} ended with ${ran.exitCode}:\n${ran.output}`)
    return ran
  }

  remoteOf(site: string): string {
    return `ssh://git@127.0.0.1:${this.#door.sshPort}/${site}`
  }
}
