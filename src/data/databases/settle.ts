// Brings in order what was cut off: half-made databases are finished, those of sites that are gone removed, restores finished or undone.
import type { DatabaseRow } from '../../store/databases.ts'
import type { Site } from '../../store/sites.ts'
import { limitConnections } from './accounts.ts'
import { clientOf, type Core } from './core.ts'
import { finishMaking, removeLeftovers } from './making.ts'
import { finishRestore, undoRestore } from './restore.ts'

export async function settleAll(core: Core): Promise<void> {
  await removeLeftovers(core)
  for (const row of await core.store.databases.list()) {
    try {
      if (row.site_id !== null) await settle(row, row.site_id, core)
    } catch (error) {
      // One that cannot be mended must not keep the others from it.
      core.log.error({ err: error, database: row.name }, 'a database could not be brought in order')
    }
  }
}

async function settle(row: DatabaseRow, siteId: number, core: Core): Promise<void> {
  const { config, server, store, admin } = core
  // The statements of a rotation that was cut off are among those of making one.
  if (row.state === 'making' || row.rotated_at !== null) await finishMaking(row, () => undefined, core)
  const site = await store.sites.get(siteId)
  // One that has begun since start-up was not cut off, and has settled what was before it.
  if (!core.restoring.has(row.name)) await settleRestore(site, core)
  const maxConnections = config['database-connections']
  if (row.max_connections === maxConnections) return
  await admin((connection) => limitConnections(connection, server, { name: row.name, maxConnections }))
  await store.databases.update(row.name, { max_connections: maxConnections })
}

/** To be called when none is under way in this process; in turns. */
export async function settleRestore(site: Site, core: Core): Promise<void> {
  await core.settling.take(site.id, async () => {
    const row = await core.store.databases.findOf(site.id)
    if (row?.restore_id == null) return
    const { uid, password } = clientOf(site, row, core)
    const database = { site, uid, password, name: row.name, restoreId: row.restore_id }
    if (row.restore_step === 'swapping') await finishRestore(database, core.restoreParts)
    else await undoRestore(database, core.restoreParts)
    core.log.info({ database: row.name, step: row.restore_step }, 'settled a restore that was cut off')
  })
}
