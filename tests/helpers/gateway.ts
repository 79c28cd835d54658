// Starts ssh-host.ts, the doors without a platform behind them, and types `ssh` at it with keys of its own.
//
//   await using gateway = await Gateway.start({ 'ssh-max-tries': '3' })
//   expect(await gateway.ssh('exit 7')).toMatchObject({ exitCode: 7 })
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Child, ended, type ExecOptions, killGroup, start } from '../../src/lib/exec.ts'
import { projectRoot, scratchDirectory } from './paths.ts'
import { type Ran, run, runOk } from './session.ts'

export type KeyKind = 'ed25519' | 'rsa' | 'ecdsa' | 'unknown'

interface SshOptions extends ExecOptions {
  readonly key?: KeyKind
  readonly user?: string
  /** Before the target: -tt, -o …, -s */
  readonly flags?: readonly string[]
}

export class Gateway {
  readonly directory: string
  readonly port: number
  readonly #child: Child
  readonly #lines: AsyncIterator<string>
  #log: () => string

  private constructor(parts: { directory: string; port: number; child: Child; lines: AsyncIterator<string> }) {
    this.directory = parts.directory
    this.port = parts.port
    this.#child = parts.child
    this.#lines = parts.lines
    const chunks: Buffer[] = []
    parts.child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    this.#log = () => Buffer.concat(chunks).toString()
  }

  /** @param flags of the configuration, without dashes; `directory` of an earlier one keeps its keys */
  static async start(flags: Record<string, string> = {}, directory?: string): Promise<Gateway> {
    const place = directory ?? (await scratchDirectory('gateway'))
    if (directory === undefined) await makeKeys(place)
    const home = join(place, 'home')
    const values = Object.entries({ home, keys: await keyList(place), 'log-level': 'debug', ...flags })
    const host = join(projectRoot, 'tests/helpers/ssh-host.ts')
    const child = start(process.execPath, ['--expose-gc', host, ...values.map(([name, value]) => `${name}=${value}`)])
    if (child.stdout === null) throw new Error('The host was started without pipes')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const port = Number((await lines.next()).value)
    return new Gateway({ directory: place, port, child, lines })
  }

  get home(): string {
    return join(this.directory, 'home')
  }

  get log(): string {
    return this.#log()
  }

  /** The process is still the one that was started. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  keyFile(kind: KeyKind): string {
    return join(this.directory, kind)
  }

  args({ key = 'ed25519', user = 'git', flags = [] }: SshOptions = {}): string[] {
    const settings = {
      UserKnownHostsFile: '/dev/null',
      StrictHostKeyChecking: 'no',
      LogLevel: 'ERROR',
      BatchMode: 'yes',
    }
    const only = { IdentitiesOnly: 'yes', IdentityAgent: 'none' }
    const options = Object.entries({ ...settings, ...only }).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    return [
      '-F',
      '/dev/null',
      ...flags,
      ...options,
      '-i',
      this.keyFile(key),
      '-p',
      String(this.port),
      `${user}@127.0.0.1`,
    ]
  }

  async ssh(commandLine: string, options: SshOptions = {}): Promise<Ran> {
    const words = commandLine === '' ? [] : [commandLine]
    return await run('ssh', [...this.args(options), ...words], { input: '', ...options })
  }

  /** In kB. */
  async memory(): Promise<{ peak: number; now: number }> {
    this.#child.kill('SIGUSR2')
    const [peak = 0, now = 0] = String((await this.#lines.next()).value)
      .split(' ')
      .map(Number)
    return { peak, now }
  }

  async stop(): Promise<number> {
    const end = ended(this.#child)
    this.#child.kill('SIGTERM')
    return await end
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.alive) {
      killGroup(this.#child.pid)
      await once(this.#child, 'exit')
    }
    await rm(this.directory, { recursive: true, force: true })
  }
}

async function makeKeys(directory: string): Promise<void> {
  const kinds: Record<KeyKind, string[]> = { ed25519: [], rsa: ['-b', '2048'], ecdsa: ['-b', '256'], unknown: [] }
  for (const [kind, size] of Object.entries(kinds)) {
    const type = kind === 'unknown' ? 'ed25519' : kind
    await runOk('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-f', join(directory, kind)])
  }
}

/** The keys that the host knows, as it takes them. */
async function keyList(directory: string): Promise<string> {
  const known = ['ed25519', 'rsa', 'ecdsa'].map(async (kind) => {
    const file = join(directory, `${kind}.pub`)
    const [type, blob] = (await readFile(file, 'utf8')).split(' ')
    const fingerprint = (await runOk('ssh-keygen', ['-l', '-f', file])).stdout.split(' ')[1]
    return `${fingerprint}|${type} ${blob}`
  })
  return (await Promise.all(known)).join(',')
}
