// Makes the database of a site, and removes it. The row comes first and goes last.
import { HostingError } from '../../errors/hosting-error.ts'
import type { DatabaseRow } from '../../store/databases.ts'
import type { Site } from '../../store/sites.ts'
import { dropAccount, dropDatabase, makeAccount, makeDatabase } from './accounts.ts'
import { accountOf, type Core, getRow, refuseDuringRestore } from './core.ts'
import { newDatabaseName, newPassword, restoreNames } from './names.ts'
import type { Print } from './types.ts'

/** @returns whether it was made now */
export async function ensureDatabase(site: Site, print: Print, core: Core): Promise<boolean> {
  const found = await core.store.databases.findOf(site.id)
  if (found?.state === 'ready') return false
  const row = found ?? (await addRow(site, core))
  core.onStep?.('before:database')
  await finishMaking(row, print, core)
  return true
}

/** Every statement may be run again, so it does not matter how far it was. */
export async function finishMaking(row: DatabaseRow, print: Print, core: Core): Promise<void> {
  const { server, admin, onStep } = core
  await server.ensure(print)
  server.keep()
  await admin(async (connection) => {
    await makeDatabase(connection, row.name)
    onStep?.('between:database')
    await makeAccount(connection, server, accountOf(row, core))
  })
  const maxConnections = core.config['database-connections']
  await core.store.databases.update(row.name, { state: 'ready', max_connections: maxConnections })
  onStep?.('after:database')
}

/** @throws HostingError unavailable when the server does not answer: then it is removed at the next start */
export async function removeDatabase(site: Site, core: Core): Promise<void> {
  const row = await getRow(site, core)
  refuseDuringRestore(site, row, core)
  await core.store.databases.update(row.name, { site_id: null })
  core.onStep?.('before:database-removal')
  await removeLeftovers(core)
}

/** Removes from the server what belongs to no site any more. */
export async function removeLeftovers({ store, server, admin, restoring }: Core): Promise<void> {
  const rows = (await store.databases.list()).filter(({ site_id: siteId }) => siteId === null)
  for (const { name } of rows) {
    // Whoever restores it fails on the way; the next one to look removes it.
    if (restoring.has(name)) continue
    await admin(async (connection) => {
      const { scratch, account, retired } = restoreNames(name)
      for (const each of [name, account]) await dropAccount(connection, server, each)
      for (const each of [name, scratch, retired]) await dropDatabase(connection, each)
    })
    await store.databases.remove(name)
  }
}

async function addRow(site: Site, { store, sealing, config }: Core): Promise<DatabaseRow> {
  return await store.databases.add({
    name: newDatabaseName(site.name),
    siteId: site.id,
    password: sealing.seal(newPassword()),
    maxConnections: config['database-connections'],
  })
}

/** @throws HostingError conflict for one that is only half there */
export async function getReady(site: Site, core: Core): Promise<DatabaseRow> {
  const row = await getRow(site, core)
  if (row.state === 'ready') return row
  throw new HostingError('conflict', `The database of ${site.name} is not made yet`, {
    hint: `db:create ${site.name}   finishes it.`,
  })
}
