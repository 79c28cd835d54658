// A whole platform on free ports, with an admin who can log in: what script and system tests start from.
//
//   await using platform = await startPlatform()
//   const copy = await WorkingCopy.create(platform.admin, 'demo', { 'index.html': 'hello' })
//   await copy.pushOk()
//   expect((await platform.get('demo')).text).toBe('hello')
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { homeAt, type Home } from '../../src/config/home.ts'
import { cleanUp } from './clean-up.ts'
import { Daemon } from './daemon.ts'
import { type Answer, ask, type Asking } from './http.ts'
import { scratchDirectory } from './paths.ts'
import { Person } from './person.ts'
import { freePort } from './ports.ts'

export interface PlatformOptions {
  /** Of the platform, without dashes: { 'health-timeout': '2' } */
  readonly flags?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Run the daemon under this program, e.g. ['strace', '-f', …]. */
  readonly under?: readonly string[]
}

interface Ports {
  readonly httpPort: number
  readonly httpsPort: number
  readonly sshPort: number
}

export class Platform {
  readonly httpPort: number
  readonly httpsPort: number
  readonly sshPort: number
  readonly directory: string
  readonly home: Home
  readonly logFile: string
  readonly #options: PlatformOptions
  #admin: Person | undefined
  #daemon: Daemon | undefined

  private constructor(directory: string, ports: Ports, options: PlatformOptions) {
    this.directory = directory
    this.httpPort = ports.httpPort
    this.httpsPort = ports.httpsPort
    this.sshPort = ports.sshPort
    this.home = homeAt(join(directory, 'home'))
    this.logFile = join(directory, 'daemon.log')
    this.#options = options
  }

  /** Everything but the daemon: to start it, or to see it fail. */
  static async prepare(options: PlatformOptions = {}): Promise<Platform> {
    const directory = await scratchDirectory('platform')
    const ports = { httpPort: await freePort(), httpsPort: await freePort(), sshPort: await freePort() }
    const platform = new Platform(directory, ports, options)
    platform.#admin = await Person.withKey('admin', directory, platform)
    await writeFile(platform.#adminKeys, `${await platform.admin.publicKey()}\n`)
    return platform
  }

  get admin(): Person {
    if (this.#admin === undefined) throw new Error('The platform was not prepared')
    return this.#admin
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('The platform was not started')
    return this.#daemon
  }

  get #adminKeys(): string {
    return join(this.directory, 'admin-keys')
  }

  /** Starts the daemon, on the same home and ports each time, and waits until it serves. */
  async start(changed: PlatformOptions = {}): Promise<void> {
    await this.launch(changed).ready()
  }

  /** Starts the daemon and does not wait. */
  launch(changed: PlatformOptions = {}): Daemon {
    const { flags, env, under } = { ...this.#options, ...changed }
    this.#daemon = new Daemon({
      home: this.home.root,
      logFile: this.logFile,
      flags: {
        'http-port': String(this.httpPort),
        'https-port': String(this.httpsPort),
        'ssh-port': String(this.sshPort),
        'admin-keys': this.#adminKeys,
        ...flags,
      },
      ...(env === undefined ? {} : { env }),
      ...(under === undefined ? {} : { under }),
    })
    return this.#daemon
  }

  async stop(): Promise<number> {
    return await this.daemon.stop()
  }

  async kill(): Promise<void> {
    await this.daemon.kill()
  }

  /** Somebody who can log in. */
  async addPerson(name: string): Promise<Person> {
    const person = await Person.withKey(name, this.directory, this)
    const added = await this.admin.ssh(`accounts:add ${name}`, { input: await person.publicKey() })
    if (added.exitCode !== 0) throw new Error(added.output)
    return person
  }

  /** Somebody the platform has never heard of. */
  async addStranger(name: string): Promise<Person> {
    return await Person.withKey(name, this.directory, this)
  }

  /** GET of a path of a site, named as its owner names it (`demo` is `demo.localhost`). */
  async get(site: string, path = '/', options: Omit<Asking, 'port' | 'host' | 'path'> = {}): Promise<Answer> {
    const host = site.includes('.') ? site : `${site}.localhost`
    return await ask({ port: this.httpPort, host, path, ...options })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#daemon?.running === true) await this.#daemon.stop()
      else await this.#daemon?.mustNotHaveCrashed()
    } finally {
      await cleanUp(this.home)
    }
  }
}

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const platform = await Platform.prepare(options)
  try {
    await platform.start()
    return platform
  } catch (error) {
    await platform[Symbol.asyncDispose]()
    throw error
  }
}
