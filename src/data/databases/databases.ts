// One database a site. The row comes first: whatever a crash cuts off, the next start finds it there and finishes or removes it.
import { join } from 'node:path'
import { z } from 'zod'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { createId } from '../../lib/id.ts'
import type { Log } from '../../lib/log.ts'
import type { Sealing } from '../../lib/sealing.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { DatabaseRow } from '../../store/databases.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'
import { makeAccount, makeDatabase, setPasswords } from './accounts.ts'
import { type AdminWork, withAdmin } from './admin.ts'
import { runClient } from './clients.ts'
import { wholeDump, writeDump } from './dump.ts'
import { createExistingServer } from './existing-server.ts'
import { newDatabaseName, newPassword } from './names.ts'
import { createOwnServer } from './own-server.ts'
import { restore } from './restore.ts'
import type { OpenDatabase, RestoreParts } from './restore-parts.ts'
import { removeLeftovers, settleAll, settleRestore } from './settle.ts'
import { databaseEnvironment } from './environment.ts'
import type { DatabaseInfo, Databases, Print } from './types.ts'

export interface DatabasesParts {
  readonly config: Config
  readonly store: Store
  readonly runtime: Runtime
  readonly sealing: Sealing
  readonly clock: Clock
  readonly log: Log
  /** Which user the programs of a site run as. */
  readonly uidOf: (site: Pick<Site, 'id'>) => number
  readonly onStep?: (step: string) => void
}

export function createDatabases(parts: DatabasesParts): Databases {
  const { config, store, runtime, sealing, clock, log, uidOf, onStep } = parts
  const server = config['database-host'] === '' ? createOwnServer(parts) : createExistingServer(config)
  const stopping = new AbortController()
  const restoring = new Set<string>()
  let settling = Promise.resolve()

  const admin = async <T>(work: AdminWork<T>) => await withAdmin(await server.adminConnection(), work)
  const restoreParts: RestoreParts = {
    ...{ runtime, server, store, log, admin, signal: stopping.signal },
    directory: join(config.home.databases, 'restores'),
    ...(onStep === undefined ? {} : { onStep }),
  }
  const settleParts = { ...parts, server, admin, restoreParts, isRestoring: (name: string) => restoring.has(name) }

  async function ensureServer(print: Print): Promise<void> {
    await server.ensure(print)
    server.keep()
  }

  async function get(site: Site): Promise<DatabaseRow> {
    const row = await store.databases.findOf(site.id)
    if (row === undefined) throw noDatabase(site)
    if (row.state === 'making') await make(row, () => undefined)
    return row
  }

  async function make(row: DatabaseRow, print: Print): Promise<void> {
    await ensureServer(print)
    await admin(async (connection) => {
      await makeDatabase(connection, row.name)
      onStep?.('between:database')
      await makeAccount(connection, server, accountOf(row))
    })
    await store.databases.update(row.name, { state: 'ready', max_connections: config['database-connections'] })
    onStep?.('after:database')
  }

  function accountOf({ name, password, former_password: former }: DatabaseRow) {
    const passwords: [string] | [string, string] =
      former === null ? [sealing.open(password)] : [sealing.open(password), sealing.open(former)]
    return { name, database: name, passwords, maxConnections: config['database-connections'] }
  }

  /** The account with which programs work for a site. */
  const clientOf = (site: Site, row: DatabaseRow) => ({
    ...{ site, uid: uidOf(site), account: row.name, password: sealing.open(row.password), database: row.name },
  })

  return {
    async start() {
      const rows = await store.databases.list()
      if (rows.length === 0) return
      settling = (async () => {
        await ensureServer((line) => log.info(line))
        await settleAll(settleParts, { make: (row) => make(row, () => undefined) })
      })().catch((error: unknown) => {
        server.keep()
        if (!stopping.signal.aborted) log.error({ err: error }, 'databases could not be brought in order')
      })
    },
    async stop() {
      stopping.abort(new HostingError('shutting-down', 'The platform is being stopped'))
      await settling
      await server.stop()
    },
    find: (site) => store.databases.findOf(site.id),
    get,
    async ensure(site, print) {
      const found = await store.databases.findOf(site.id)
      if (found?.state === 'ready') return false
      const row = found ?? (await addRow(site))
      onStep?.('before:database')
      await make(row, print)
      return true
    },
    async surroundings(site) {
      const row = await store.databases.findOf(site.id)
      if (row === undefined) return undefined
      const env = databaseEnvironment(server.address, { name: row.name, password: sealing.open(row.password) })
      return { env, ...(server.socketDirectory === undefined ? {} : { databaseDirectory: server.socketDirectory }) }
    },
    async describe(site) {
      const row = await get(site)
      return await admin((connection) => describe(row, connection))
    },
    password: async (site) => sealing.open((await get(site)).password),
    async remove(site) {
      const row = await store.databases.findOf(site.id)
      if (row === undefined) throw noDatabase(site)
      if (restoring.has(row.name)) throw beingRestored(site)
      await store.databases.update(row.name, { site_id: null })
      onStep?.('before:database-removal')
      await removeLeftovers(settleParts)
    },
    removeLeftovers: () => removeLeftovers(settleParts),
    async beginRotation(site) {
      const row = await get(site)
      if (row.former_password !== null)
        throw new HostingError('busy', `The password of ${site.name} was rotated a moment ago`, {
          hint: 'Instances that use the one before it are still finishing their requests. Try again in a minute.',
        })
      await store.databases.update(row.name, {
        password: sealing.seal(newPassword()),
        former_password: row.password,
        rotated_at: clock.now().toISOString(),
      })
      onStep?.('between:rotation')
      await writePasswords(row.name)
    },
    async endRotation(site, outcome) {
      const row = await get(site)
      if (row.former_password === null) return
      const password = outcome === 'keep-new' ? row.password : row.former_password
      await store.databases.update(row.name, { password, former_password: null, rotated_at: null })
      await writePasswords(row.name)
    },
    async rotations() {
      const rows = await store.databases.list()
      return rows.flatMap(({ site_id: siteId, rotated_at: since }) =>
        siteId === null || since === null ? [] : [{ siteId, since }],
      )
    },
    async dump(site, { stdout, signal }) {
      const row = await get(site)
      await writeDump(restoreParts, { ...clientOf(site, row), options: wholeDump }, { stdout, signal: either(signal) })
    },
    async restore(site, { stdin, signal }) {
      const row = await get(site)
      if (restoring.has(row.name)) throw beingRestored(site)
      restoring.add(row.name)
      try {
        await settleRestore(row, site, settleParts)
        const { uid, password } = clientOf(site, row)
        const database: OpenDatabase = { site, uid, password, name: row.name, restoreId: createId(clock.now()) }
        return await restore(database, { sql: stdin, signal: either(signal) }, restoreParts)
      } finally {
        restoring.delete(row.name)
      }
    },
    async open(site, { terminal, ...streams }) {
      const row = await get(site)
      const { database, ...client } = clientOf(site, row)
      return await runClient(
        { runtime, server },
        { ...client, program: 'mariadb', arguments: ['--sandbox', '--prompt=\\d> ', '--', database] },
        { ...streams, terminal, signal: either(streams.signal) },
      )
    },
  }

  async function addRow(site: Site): Promise<DatabaseRow> {
    return await store.databases.add({
      name: newDatabaseName(site.name),
      siteId: site.id,
      password: sealing.seal(newPassword()),
      maxConnections: config['database-connections'],
    })
  }

  async function writePasswords(name: string): Promise<void> {
    const row = (await store.databases.list()).find((each) => each.name === name)
    if (row !== undefined) await admin((connection) => setPasswords(connection, server, accountOf(row)))
  }

  async function describe(row: DatabaseRow, connection: Parameters<AdminWork<unknown>>[0]): Promise<DatabaseInfo> {
    const number = z.coerce.number()
    const [size] = await connection.rows(
      z.object({ bytes: number, tables: number }),
      'SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS bytes, COUNT(*) AS tables FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?',
      [row.name],
    )
    const [open] = await connection.rows(
      z.object({ count: number }),
      'SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST WHERE USER = ?',
      [row.name],
    )
    return {
      ...{ name: row.name, user: row.name, ...server.address },
      ...{ sizeBytes: size?.bytes ?? 0, tables: size?.tables ?? 0, connections: open?.count ?? 0 },
      ...{ maxConnections: row.max_connections, createdAt: row.created_at },
    }
  }

  function either(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, stopping.signal])
  }
}

function noDatabase({ name }: Site): HostingError {
  return new HostingError('not-found', `${name} has no database`, { hint: `db:create ${name}   makes one.` })
}

function beingRestored({ name }: Site): HostingError {
  return new HostingError('busy', `The database of ${name} is being restored`, { hint: 'Try again when that is done.' })
}
