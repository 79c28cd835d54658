// What a restore works with. Data only.
import type { Log } from '../../lib/log.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'
import type { AdminWork } from './admin.ts'
import type { ClientParts } from './clients.ts'

export interface OpenDatabase {
  readonly site: Pick<Site, 'name'>
  readonly uid: number
  /** Of the database and of its account. */
  readonly name: string
  readonly password: string
  readonly restoreId: string
}

export interface RestoreParts extends ClientParts {
  readonly log: Log
  readonly store: Pick<Store, 'databases'>
  /** Where files of restores lie. */
  readonly directory: string
  readonly admin: <T>(work: AdminWork<T>) => Promise<T>
  /** The platform's: aborts when it stops. */
  readonly signal: AbortSignal
  readonly onStep?: (step: string) => void
}
