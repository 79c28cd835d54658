// What is in a database: written out, replaced, looked at.
import { createId } from '../../lib/id.ts'
import type { Site } from '../../store/sites.ts'
import { runClient } from './clients.ts'
import { clientOf, type Core, refuseDuringRestore } from './core.ts'
import { wholeDump, writeDump } from './dump.ts'
import { getReady } from './making.ts'
import { restore } from './restore.ts'
import { settleRestore } from './settle.ts'
import type { Asking, Dumping, Restoring } from './types.ts'

export async function dumpDatabase(site: Site, { stdout, signal }: Dumping, core: Core): Promise<void> {
  const client = clientOf(site, await getReady(site, core), core)
  await writeDump(core, { ...client, options: wholeDump }, { stdout, signal: untilStopping(signal, core) })
}

export async function restoreDatabase(
  site: Site,
  { stdin, signal }: Restoring,
  core: Core,
): Promise<{ tables: number }> {
  const row = await getReady(site, core)
  refuseDuringRestore(site, row, core)
  core.restoring.add(row.name)
  try {
    await settleRestore(site, core)
    const { uid, password } = clientOf(site, row, core)
    const database = { site, uid, password, name: row.name, restoreId: createId(core.clock.now()) }
    return await restore(database, { sql: stdin, signal: untilStopping(signal, core) }, core.restoreParts)
  } finally {
    core.restoring.delete(row.name)
  }
}

/** @returns the exit status of the client */
export async function openDatabase(site: Site, { signal, ...streams }: Asking, core: Core): Promise<number> {
  const { database, ...client } = clientOf(site, await getReady(site, core), core)
  return await runClient(
    core,
    { ...client, program: 'mariadb', arguments: ['--sandbox', '--prompt=\\d> ', '--', database] },
    { ...streams, signal: untilStopping(signal, core) },
  )
}

function untilStopping(signal: AbortSignal, { stopping }: Core): AbortSignal {
  return AbortSignal.any([signal, stopping])
}
