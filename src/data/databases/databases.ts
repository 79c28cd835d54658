// One database a site: what commands and deploys ask for, wired to what does it.
import { join } from 'node:path'
import { HostingError } from '../../errors/hosting-error.ts'
import { Turns } from '../../lib/turns.ts'
import type { Site } from '../../store/sites.ts'
import { type AdminWork, logUnavailable, withAdmin } from './admin.ts'
import { dumpDatabase, openDatabase, restoreDatabase } from './contents.ts'
import type { Core, DatabasesParts } from './core.ts'
import { describeDatabase } from './describe.ts'
import { databaseEnvironment } from './environment.ts'
import { createExistingServer } from './existing-server.ts'
import { ensureDatabase, getReady, removeDatabase, removeLeftovers } from './making.ts'
import { OwnServer } from './own-server.ts'
import { beginRotation, finishRotation, undoRotation } from './rotation.ts'
import { settleAll } from './settle.ts'
import type { Databases, DatabaseSurroundings } from './types.ts'

export function createDatabases(parts: DatabasesParts): Databases {
  const stopping = new AbortController()
  const core = coreOf(parts, stopping.signal)
  const { store, sealing } = core
  let settling: Promise<void> | undefined

  return {
    async start() {
      if ((await store.databases.list()).length > 0) settling = bringInOrder(core)
    },
    async stop() {
      stopping.abort(new HostingError('shutting-down', 'The platform is being stopped'))
      await settling
      await core.server.stop()
    },
    get: (site) => getReady(site, core),
    ensure: (site, print) => ensureDatabase(site, print, core),
    surroundings: (site) => surroundingsOf(site, core),
    describe: (site) => describeDatabase(site, core),
    password: async (site) => sealing.open((await getReady(site, core)).password),
    remove: (site) => removeDatabase(site, core),
    removeLeftovers: () => removeLeftovers(core),
    beginRotation: (site) => beginRotation(site, core),
    undoRotation: (site) => undoRotation(site, core),
    finishRotation: (site, works) => finishRotation(site, works, core),
    rotations: () => rotationsIn(core),
    dump: (site, dumping) => dumpDatabase(site, dumping, core),
    restore: (site, restoring) => restoreDatabase(site, restoring, core),
    open: (site, asking) => openDatabase(site, asking, core),
  }
}

function coreOf(parts: DatabasesParts, stopping: AbortSignal): Core {
  const { config, onStep, runtime, store, log } = parts
  const server = config['database-host'] === '' ? new OwnServer(parts) : createExistingServer(config, log)
  const admin = async <T>(work: AdminWork<T>) =>
    await withAdmin(await server.adminConnection(), work).catch((error: unknown) => logUnavailable(error, log))
  const restoreParts = {
    ...{ runtime, server, store, log, admin, signal: stopping },
    directory: join(config.home.databases, 'restores'),
    ...(onStep === undefined ? {} : { onStep }),
  }
  return { ...parts, server, admin, restoreParts, stopping, restoring: new Set(), settling: new Turns() }
}

/** Nobody waits for it: sites that need no database start meanwhile. */
async function bringInOrder(core: Core): Promise<void> {
  const { server, log, stopping } = core
  try {
    await server.ensure((line) => log.info(line))
    await settleAll(core)
  } catch (error) {
    if (!stopping.aborted) log.error({ err: error }, 'databases could not be brought in order')
  }
  if (!stopping.aborted) server.keep()
}

async function surroundingsOf(site: Site, { store, sealing, server }: Core): Promise<DatabaseSurroundings | undefined> {
  const row = await store.databases.findOf(site.id)
  if (row === undefined) return undefined
  const env = databaseEnvironment(server.address, { name: row.name, password: sealing.open(row.password) })
  return { env, ...(server.socketDirectory === undefined ? {} : { databaseDirectory: server.socketDirectory }) }
}

async function rotationsIn({ store }: Core): Promise<{ siteId: number; since: string }[]> {
  return (await store.databases.list()).flatMap(({ site_id: siteId, rotated_at: since }) =>
    siteId === null || since === null ? [] : [{ siteId, since }],
  )
}
