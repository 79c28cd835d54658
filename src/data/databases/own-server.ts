// The platform's own MariaDB: one service for all sites, reached by its socket only, started again whenever it ends.
import { cpus } from 'node:os'
import type { ConnectionOptions } from 'mysql2/promise'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { pause } from '../../lib/pause.ts'
import type { Runtime, ServiceSpec } from '../../runtime/runtime.ts'
import { withAdmin } from './admin.ts'
import { adminName, ensureAdminPassword } from './admin-password.ts'
import { placesIn, prepareFiles, serverUid } from './own-server-files.ts'
import { passwordHash } from './password-hash.ts'
import { type DatabaseServer, socketInContainers } from './server.ts'
import type { Print } from './types.ts'

export interface OwnServerParts {
  readonly config: Config
  readonly runtime: Runtime
  readonly clock: Clock
  readonly log: Log
}

const service = 'mariadb'
const mostConnections = 1000
const startTimeoutMs = 120_000
const stopTimeoutMs = 120_000
const retryMs = 1000
const pollMs = 100

export class OwnServer implements DatabaseServer {
  readonly address = { host: 'localhost', port: null, socket: socketInContainers }
  readonly accountHost = 'localhost'
  readonly requireTls = false
  readonly socketDirectory: string
  readonly client: DatabaseServer['client']
  readonly #parts: OwnServerParts
  readonly #stopping = new AbortController()
  #starting: Promise<void> | undefined
  #keeping: Promise<void> | undefined

  constructor(parts: OwnServerParts) {
    this.#parts = parts
    this.socketDirectory = placesIn(parts.config.home).run
    this.client = {
      arguments: [`--socket=${socketInContainers}`],
      mounts: [{ source: this.socketDirectory, target: '/run/mysqld', access: 'ro' }],
      network: 'none',
    }
  }

  /** Together: a push and a start-up ask for it at the same time. */
  async ensure(print: Print): Promise<void> {
    this.#starting ??= this.#start(print).finally(() => (this.#starting = undefined))
    await this.#starting
  }

  keep(): void {
    this.#keeping ??= this.#keep()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#starting?.catch(() => undefined)
    await this.#keeping
    const { config, runtime } = this.#parts
    if (config.standalone) await runtime.removeService(service, stopTimeoutMs)
  }

  async adminConnection(): Promise<ConnectionOptions> {
    const { home } = this.#parts.config
    return { socketPath: placesIn(home).socket, user: adminName, password: await ensureAdminPassword(home) }
  }

  #hasStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  async #start(print: Print): Promise<void> {
    const { config, runtime } = this.#parts
    const adminHash = passwordHash(await ensureAdminPassword(config.home))
    await prepareFiles(config.home, adminHash)
    await runtime.ensureService(serviceSpec(config, adminHash), print)
    await this.#untilItAnswers()
  }

  /** One that ends meanwhile is not waited for: whoever keeps it starts it once more. */
  async #untilItAnswers(): Promise<void> {
    const { runtime } = this.#parts
    const answered = new AbortController()
    const ended = runtime.serviceEnded(service, AbortSignal.any([answered.signal, this.#stopping.signal]))
    try {
      const outcome = await Promise.race([this.#poll(answered.signal), ended.then(() => 'ended' as const)])
      if (outcome !== 'answered') throw await didNotStart(runtime, outcome)
    } finally {
      answered.abort()
    }
  }

  async #poll(signal: AbortSignal): Promise<'answered' | 'late'> {
    const { clock } = this.#parts
    const deadline = clock.now().getTime() + startTimeoutMs
    while (!signal.aborted && clock.now().getTime() < deadline) {
      try {
        await withAdmin(await this.adminConnection(), (admin) => admin.run('SELECT 1'))
        return 'answered'
      } catch {
        await clock.sleep(pollMs, this.#stopping.signal)
      }
    }
    return 'late'
  }

  async #keep(): Promise<void> {
    const { runtime, clock, log } = this.#parts
    while (!this.#hasStopped()) {
      try {
        await runtime.serviceEnded(service, this.#stopping.signal)
        if (this.#hasStopped()) return
        log.warn('the database server has ended: it is started again')
        await this.ensure((line) => log.info(line))
      } catch (error) {
        if (!this.#hasStopped()) log.error({ err: error }, 'the database server could not be started')
      }
      await pause(clock, retryMs, this.#stopping.signal)
    }
  }
}

function serviceSpec({ home, standalone, ...config }: Config, revision: string): ServiceSpec {
  const { data, run, init } = placesIn(home)
  const memoryMb = config['database-memory-mb']
  return {
    name: service,
    uid: serverUid(),
    arguments: [
      '--init-file=/etc/mysql/init.sql',
      `--max-connections=${mostConnections}`,
      // The rest is for connections (up to some MB each) and the server itself (90 MB).
      `--innodb-buffer-pool-size=${Math.floor(memoryMb * 0.4)}M`,
      // One query of one site must not end the server of all.
      `--max-session-mem-used=${Math.floor(memoryMb / 4) * 1024 * 1024}`,
    ],
    mounts: [
      { source: data, target: '/var/lib/mysql', access: 'rw' },
      { source: run, target: '/run/mysqld', access: 'rw' },
      { source: init, target: '/etc/mysql/init.sql', access: 'ro' },
    ],
    limits: { memoryMb, cpus: cpus().length, pids: mostConnections + 100 },
    outlivesPlatform: !standalone,
    revision,
  }
}

async function didNotStart(runtime: Runtime, why: 'ended' | 'late'): Promise<HostingError> {
  const lines = await Array.fromAsync(runtime.logs(`service-${service}`, { tail: 10 })).catch(() => [])
  const what = why === 'ended' ? 'ended while it started' : `did not start within ${startTimeoutMs / 1000} s`
  return new HostingError('unavailable', `The database server ${what}`, {
    details: lines.map(({ text }) => text),
    hint: 'Its log above says why; a full disk and too small a database-memory-mb are the usual reasons.',
  })
}
