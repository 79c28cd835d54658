// The platform's own MariaDB: one service for all sites, reached by its socket only.
import { chmod, chown } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config/load.ts'
import type { Home } from '../../config/home.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { ensureDirectory, writeFileAtomic } from '../../lib/files.ts'
import type { Log } from '../../lib/log.ts'
import type { Runtime, ServiceSpec } from '../../runtime/runtime.ts'
import { withAdmin } from './admin.ts'
import { adminName, ensureAdminPassword } from './admin-password.ts'
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
/** Below the uids of sites. Where the platform is not root, it cannot give files away: there the server runs as its own user. */
const dedicatedUid = 199_999
const mostConnections = 1000
const startTimeoutMs = 120_000
const stopTimeoutMs = 120_000
const retryMs = 1000
const pollMs = 100

export function createOwnServer(parts: OwnServerParts): DatabaseServer {
  const { config, runtime, clock, log } = parts
  const places = placesIn(config.home)
  const stopping = new AbortController()
  let keeping: Promise<void> | undefined
  let starting: Promise<void> | undefined

  const hasStopped = () => stopping.signal.aborted
  const adminConnection = async () => ({
    socketPath: places.socket,
    user: adminName,
    password: await ensureAdminPassword(config.home),
  })

  async function start(print: Print): Promise<void> {
    const password = await ensureAdminPassword(config.home)
    await prepare(config.home, password)
    await runtime.ensureService(serviceSpec(config, passwordHash(password)), print)
    await untilItAnswers()
  }

  /** One that ends meanwhile is not waited for: whoever keeps it starts it once more. */
  async function untilItAnswers(): Promise<void> {
    const deadline = clock.now().getTime() + startTimeoutMs
    const answered = new AbortController()
    const ended = runtime.serviceEnded(service, AbortSignal.any([answered.signal, stopping.signal]))
    try {
      const outcome = await Promise.race([poll(deadline, answered.signal), ended.then(() => 'ended' as const)])
      if (outcome !== 'answered') throw await didNotStart(runtime, outcome)
    } finally {
      answered.abort()
    }
  }

  async function poll(deadline: number, signal: AbortSignal): Promise<'answered' | 'late'> {
    while (!signal.aborted && clock.now().getTime() < deadline) {
      try {
        await withAdmin(await adminConnection(), (admin) => admin.run('SELECT 1'))
        return 'answered'
      } catch {
        await clock.sleep(pollMs, stopping.signal)
      }
    }
    return 'late'
  }

  /** Together: a push and a start-up ask for it at the same time. */
  async function ensure(print: Print): Promise<void> {
    starting ??= start(print).finally(() => (starting = undefined))
    await starting
  }

  async function keep(): Promise<void> {
    while (!hasStopped()) {
      try {
        await runtime.serviceEnded(service, stopping.signal)
        if (hasStopped()) return
        log.warn('the database server has ended: it is started again')
        await ensure((line) => log.info(line))
      } catch (error) {
        if (hasStopped()) return
        log.error({ err: error }, 'the database server could not be started')
      }
      await clock.sleep(retryMs, stopping.signal).catch(() => undefined)
    }
  }

  return {
    ensure,
    keep: () => void (keeping ??= keep()),
    async stop() {
      stopping.abort()
      await starting?.catch(() => undefined)
      await keeping
      if (config.standalone) await runtime.removeService(service, stopTimeoutMs)
    },
    adminConnection,
    address: { host: 'localhost', port: null, socket: socketInContainers },
    accountHost: 'localhost',
    requireTls: false,
    socketDirectory: places.run,
    client: {
      arguments: [`--socket=${socketInContainers}`],
      mounts: [{ source: places.run, target: '/run/mysqld', access: 'ro' }],
      network: 'none',
    },
  }
}

function placesIn({ databases, link }: Home) {
  const root = join(databases, service)
  return {
    root,
    data: join(root, 'data'),
    run: join(root, 'run'),
    init: join(root, 'init.sql'),
    // By way of the short link: the home may lie too deep for a socket's path (107 bytes, unix(7)).
    socket: join(link, 'databases', service, 'run', 'mysqld.sock'),
  }
}

function serverUid(): number {
  const own = process.getuid?.() ?? 0
  return own === 0 ? dedicatedUid : own
}

async function prepare(home: Home, password: string): Promise<void> {
  const { data, run, init } = placesIn(home)
  await ensureDirectory(home.databases, 0o700)
  for (const [path, mode] of [
    [data, 0o700],
    [run, 0o755],
  ] as const) {
    await ensureDirectory(path, mode)
    await chown(path, serverUid(), serverUid())
    await chmod(path, mode)
  }
  await writeFileAtomic(init, initialStatements(passwordHash(password)), 0o644)
  await chmod(init, 0o644)
}

/** Run by the server at each start, before it lets anyone in: the only administrator is ours, whatever was there before. */
function initialStatements(hash: string): string {
  return [
    'DROP USER IF EXISTS root@localhost;',
    `CREATE USER IF NOT EXISTS ${adminName}@localhost;`,
    `ALTER USER ${adminName}@localhost IDENTIFIED VIA mysql_native_password USING '${hash}';`,
    `GRANT ALL PRIVILEGES ON *.* TO ${adminName}@localhost WITH GRANT OPTION;`,
    '',
  ].join('\n')
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
