// One process of the platform: started, watched until it is ready, stopped as Ctrl-C does or killed as a power cut does.
import { closeSync, openSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type Child, ended, killGroup, start } from '../../src/lib/exec.ts'
import { projectRoot } from './paths.ts'
import { until } from './until.ts'

const readySchema = z.object({ httpPort: z.number(), sshPort: z.number(), pid: z.number() })

export interface DaemonOptions {
  readonly home: string
  /** Receives standard output and standard error; appended to. */
  readonly logFile: string
  readonly flags: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Run under this program, e.g. ['strace', '-f', …]. */
  readonly under?: readonly string[]
  readonly readyTimeoutMs?: number
}

/** 128 and SIGKILL */
const killedStatus = 137

// A test run that is interrupted leaves none of them behind. One listener: each test file starts many.
const alive = new Set<Child>()
process.once('exit', () => {
  for (const child of alive) killGroup(child.pid)
})

export class Daemon {
  readonly #options: DaemonOptions
  readonly #child: Child
  readonly #ended: Promise<number>
  #exitCode: number | undefined
  #hasServed = false

  constructor(options: DaemonOptions) {
    this.#options = options
    const flags = Object.entries({ home: options.home, ...options.flags }).flatMap(([key, value]) => [
      `--${key}`,
      value,
    ])
    const [file = '', ...args] = [
      ...(options.under ?? []),
      process.execPath,
      '--expose-gc',
      `${projectRoot}/src/main.ts`,
      ...flags,
    ]
    const log = openSync(options.logFile, 'a')
    this.#child = start(file, args, { cwd: projectRoot, env: options.env ?? {}, stdio: ['ignore', log, log] })
    closeSync(log)
    alive.add(this.#child)
    this.#ended = ended(this.#child).finally(() => alive.delete(this.#child))
    this.#ended.then(
      (code) => (this.#exitCode = code),
      () => undefined,
    )
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The daemon could not be started')
    return this.#child.pid
  }

  get running(): boolean {
    return this.#exitCode === undefined
  }

  /** @throws Error with its last words when it has served and then ended by itself, and not as a power cut would */
  async mustNotHaveCrashed(): Promise<void> {
    if (!this.#hasServed || this.running || this.#exitCode === 0 || this.#exitCode === killedStatus) return
    throw new Error(`The daemon crashed (${this.#exitCode}):\n${(await this.log()).slice(-4000)}`)
  }

  async log(): Promise<string> {
    return await readFile(this.#options.logFile, 'utf8')
  }

  /** Waits until the daemon serves; throws with its own words when it ends instead. */
  async ready(): Promise<z.infer<typeof readySchema>> {
    const file = join(this.#options.home, 'run/ready.json')
    const said = await until(
      'the daemon to be ready',
      async () => {
        if (!this.running) throw new Error(`The daemon ended with ${this.#exitCode}:\n${await this.log()}`)
        const text = await readFile(file, 'utf8').catch(() => undefined)
        const ready = text === undefined ? undefined : readySchema.parse(JSON.parse(text))
        // Under strace the daemon is a child of ours at one remove.
        return ready !== undefined && (this.#options.under !== undefined || ready.pid === this.pid) && ready
      },
      this.#options.readyTimeoutMs,
    ).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await this.log()}`, { cause: error })
    })
    this.#hasServed = true
    return said
  }

  /** Ends it as Ctrl-C does and returns its exit status. */
  async stop(): Promise<number> {
    if (this.running) this.#child.kill('SIGTERM')
    return await this.#ended
  }

  /** Ends it without a warning, as a power cut would: SIGKILL for it and its children. What leads a group of its own lives on. */
  async kill(): Promise<void> {
    killGroup(this.#child.pid)
    await this.#ended
    await rm(join(this.#options.home, 'run/ready.json'), { force: true })
  }
}
