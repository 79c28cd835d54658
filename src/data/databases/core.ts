// What every operation on databases works with, and the one way from a site to its row.
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Sealing } from '../../lib/sealing.ts'
import type { Turns } from '../../lib/turns.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { DatabaseRow } from '../../store/databases.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'
import type { Account } from './accounts.ts'
import type { AdminWork } from './admin.ts'
import type { RestoreParts } from './restore-parts.ts'
import type { DatabaseServer } from './server.ts'

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

export interface Core extends DatabasesParts {
  readonly server: DatabaseServer
  readonly admin: <T>(work: AdminWork<T>) => Promise<T>
  readonly restoreParts: RestoreParts
  /** Aborts when the platform stops. */
  readonly stopping: AbortSignal
  /** Names of databases that are being restored in this process: those were not cut off. */
  readonly restoring: Set<string>
  /** By site: what a restore left that was cut off is settled once, by start-up or by the next restore. */
  readonly settling: Turns<number>
}

/** @throws HostingError not-found */
export async function getRow(site: Site, { store }: Pick<Core, 'store'>): Promise<DatabaseRow> {
  const row = await store.databases.findOf(site.id)
  if (row !== undefined) return row
  throw new HostingError('not-found', `${site.name} has no database`, { hint: `db:create ${site.name}   makes one.` })
}

/** A database's account as the server is to have it. */
export function accountOf(row: DatabaseRow, { config, sealing }: Pick<Core, 'config' | 'sealing'>) {
  const current = sealing.open(row.password)
  const former = row.former_password
  const passwords: Account['passwords'] = former === null ? [current] : [current, sealing.open(former)]
  return { name: row.name, database: row.name, passwords, maxConnections: config['database-connections'] }
}

/** With what programs work for a site. */
export function clientOf(site: Site, row: DatabaseRow, { uidOf, sealing }: Pick<Core, 'uidOf' | 'sealing'>) {
  return { site, uid: uidOf(site), account: row.name, password: sealing.open(row.password), database: row.name }
}

export function refuseDuringRestore(site: Site, row: DatabaseRow, { restoring }: Pick<Core, 'restoring'>): void {
  if (!restoring.has(row.name)) return
  throw new HostingError('busy', `The database of ${site.name} is being restored`, {
    hint: 'Try again when that is done.',
  })
}
