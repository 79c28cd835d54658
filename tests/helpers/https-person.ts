// Somebody who knows Git over HTTPS only: a name, a password or a token, and programs that are given both.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Platform } from './platform.ts'
import { type Ran, run, runOk } from './session.ts'

export interface Login {
  readonly name: string
  readonly secret: string
}

export class HttpsPerson {
  readonly home: string
  readonly #platform: Platform
  readonly #login: Login

  constructor(platform: Platform, login: Login) {
    this.#platform = platform
    this.#login = login
    this.home = join(platform.directory, `https-${login.name}-${login.secret.slice(-6)}`)
  }

  /** Where Git is served, by plain HTTP. */
  get url(): string {
    return `http://git.localhost:${this.#platform.httpPort}`
  }

  urlOf(site: string): string {
    const { name, secret } = this.#login
    return `http://${encodeURIComponent(name)}:${encodeURIComponent(secret)}@git.localhost:${this.#platform.httpPort}/${site}.git`
  }

  get env(): Record<string, string> {
    return {
      HOME: this.home,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@example.org',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@example.org',
      // git-lfs does not know that all below localhost is this machine; a proxy does not have to be told.
      http_proxy: `http://127.0.0.1:${this.#platform.httpPort}`,
      no_proxy: '',
    }
  }

  async git(args: readonly string[], cwd = this.home): Promise<Ran> {
    await mkdir(this.home, { recursive: true })
    return await run('git', args, { cwd, env: this.env })
  }

  async gitOk(args: readonly string[], cwd = this.home): Promise<Ran> {
    await mkdir(this.home, { recursive: true })
    return await runOk('git', args, { cwd, env: this.env })
  }

  /** A repository with these files as its first commit, and the remote `hosting`. */
  async copyOf(site: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
    const directory = join(this.home, `copy-${site}-${Math.random().toString(36).slice(2)}`)
    await mkdir(directory, { recursive: true })
    await this.gitOk(['init', '-q', '-b', 'main'], directory)
    await this.gitOk(['remote', 'add', 'hosting', this.urlOf(site)], directory)
    await this.commit(directory, files)
    return directory
  }

  async commit(directory: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
    await this.gitOk(['add', '-A'], directory)
    await this.gitOk(['commit', '-q', '--allow-empty', '-m', 'Change'], directory)
  }

  /** Types `curl ARGS URL/PATH`; the status is the last line of what it prints. */
  async curl(path: string, args: readonly string[] = []): Promise<{ status: number; text: string }> {
    const { stdout } = await run('curl', ['-sS', '--path-as-is', '-w', '\n%{http_code}', ...args, this.url + path], {
      env: { HOME: this.home },
    })
    const cut = stdout.lastIndexOf('\n')
    return { status: Number(stdout.slice(cut + 1)), text: stdout.slice(0, cut) }
  }

  get basic(): string[] {
    return ['-u', `${this.#login.name}:${this.#login.secret}`]
  }
}
