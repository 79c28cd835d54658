// Brings in order what was cut off: half-made databases are finished, those of sites that are gone removed, restores finished or undone.
import type { Config } from '../../config/load.ts'
import type { Log } from '../../lib/log.ts'
import type { Sealing } from '../../lib/sealing.ts'
import type { DatabaseRow } from '../../store/databases.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'
import { dropAccount, dropDatabase, limitConnections } from './accounts.ts'
import type { AdminWork } from './admin.ts'
import { restoreNames } from './names.ts'
import type { RestoreParts } from './restore-parts.ts'
import { finishRestore, undoRestore } from './restore.ts'
import type { DatabaseServer } from './server.ts'

export interface SettleParts {
  readonly config: Config
  readonly store: Store
  readonly sealing: Sealing
  readonly log: Log
  readonly server: DatabaseServer
  readonly uidOf: (site: Pick<Site, 'id'>) => number
  readonly admin: <T>(work: AdminWork<T>) => Promise<T>
  readonly restoreParts: RestoreParts
  /** Whether that is under way in this process: then nothing was cut off. */
  readonly isRestoring: (name: string) => boolean
}

export async function settleAll(
  parts: SettleParts,
  { make }: { make: (row: DatabaseRow) => Promise<void> },
): Promise<void> {
  await removeLeftovers(parts)
  for (const row of await parts.store.databases.list()) {
    try {
      await settle(row, make, parts)
    } catch (error) {
      // One that cannot be mended must not keep the others from it.
      parts.log.error({ err: error, database: row.name }, 'a database could not be brought in order')
    }
  }
}

async function settle(row: DatabaseRow, make: (row: DatabaseRow) => Promise<void>, parts: SettleParts): Promise<void> {
  if (row.site_id === null) return
  const { config, server, store } = parts
  // The statements of a rotation that was cut off are among those of making one.
  if (row.state === 'making' || row.rotated_at !== null) await make(row)
  if (row.restore_id !== null) await settleRestore(row, await store.sites.get(row.site_id), parts)
  const maxConnections = config['database-connections']
  if (row.max_connections === maxConnections) return
  await parts.admin((admin) => limitConnections(admin, server, { name: row.name, maxConnections }))
  await store.databases.update(row.name, { max_connections: maxConnections })
}

export async function settleRestore(row: DatabaseRow, site: Site, parts: SettleParts): Promise<void> {
  if (row.restore_id === null) return
  const database = {
    ...{ site, uid: parts.uidOf(site), name: row.name, restoreId: row.restore_id },
    password: parts.sealing.open(row.password),
  }
  if (row.restore_step === 'swapping') await finishRestore(database, parts.restoreParts)
  else await undoRestore(database, parts.restoreParts)
  parts.log.info({ database: row.name, step: row.restore_step }, 'settled a restore that was cut off')
}

/** Removes from the server what belongs to no site any more. What fails is tried again at the next start. */
export async function removeLeftovers(parts: SettleParts): Promise<void> {
  const rows = (await parts.store.databases.list()).filter(({ site_id: siteId }) => siteId === null)
  for (const { name } of rows) {
    if (parts.isRestoring(name)) continue
    await parts.admin(async (admin) => {
      const { scratch, account, retired } = restoreNames(name)
      for (const each of [name, account]) await dropAccount(admin, parts.server, each)
      for (const each of [name, scratch, retired]) await dropDatabase(admin, each)
    })
    await parts.store.databases.remove(name)
  }
}
