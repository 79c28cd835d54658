import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type WantedName = Selectable<Tables['wanted_names']>

const untried = { reason: null, failures: 0, apart: 0, record: null, renew_at: null }

function times(certificateId: string | null, clock: Clock) {
  const now = clock.now().toISOString()
  return { next_at: certificateId === null ? now : null, created_at: now }
}

export function wantedNamesIn(db: Kysely<Tables>, clock: Clock) {
  return {
    find: (name: string) => db.selectFrom('wanted_names').selectAll().where('name', '=', name).executeTakeFirst(),
    list: () => db.selectFrom('wanted_names').selectAll().execute(),
    listOf: (siteId: number) =>
      db.selectFrom('wanted_names').selectAll().where('site_id', '=', siteId).orderBy('name').execute(),
    servedBy: (certificateId: string) =>
      db.selectFrom('wanted_names').selectAll().where('certificate_id', '=', certificateId).orderBy('name').execute(),
    /** Another site's that is gone may have left its row: the name is this site's now. One that a certificate covers waits for nothing. */
    add: (name: string, siteId: number | null, certificateId: string | null = null) =>
      db
        .insertInto('wanted_names')
        .values({ ...untried, name, site_id: siteId, certificate_id: certificateId, ...times(certificateId, clock) })
        .onConflict((oc) => oc.column('name').doNothing())
        .execute(),
    update: (names: readonly string[], change: Updateable<Tables['wanted_names']>) =>
      db.updateTable('wanted_names').set(change).where('name', 'in', names).execute(),
    remove: (name: string) => db.deleteFrom('wanted_names').where('name', '=', name).execute(),
    /** The first that are due, oldest first; by the index, so it costs the same with ten names and ten thousand. */
    due: (now: Date, most: number) =>
      db
        .selectFrom('wanted_names')
        .selectAll()
        .where('next_at', '<=', now.toISOString())
        .orderBy('next_at')
        .limit(most)
        .execute(),
    nextAt: async () => {
      const row = await db
        .selectFrom('wanted_names')
        .select('next_at')
        .where('next_at', 'is not', null)
        .orderBy('next_at')
        .limit(1)
        .executeTakeFirst()
      return row?.next_at === null || row === undefined ? undefined : new Date(row.next_at)
    },
    /** Failed ones that are to be tried after a time are tried now. */
    hasten: (after: Date) =>
      db
        .updateTable('wanted_names')
        .set({ next_at: clock.now().toISOString() })
        .where('reason', 'is not', null)
        .where('next_at', '>', after.toISOString())
        .execute(),
    /** Of no site. */
    ofPlatform: () => db.selectFrom('wanted_names').selectAll().where('site_id', 'is', null).execute(),
    /** Domains that nobody has asked a certificate for: of before, or added while the daemon was down. */
    missing: () =>
      db
        .selectFrom('domains')
        .select(['domains.name', 'domains.site_id'])
        .leftJoin('wanted_names', 'wanted_names.name', 'domains.name')
        .where('wanted_names.name', 'is', null)
        .execute(),
  }
}
