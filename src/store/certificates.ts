import type { Kysely, Selectable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type CertificateRow = Selectable<Tables['certificates']>

export function certificatesIn(db: Kysely<Tables>, clock: Clock) {
  return {
    find: (id: string) => db.selectFrom('certificates').selectAll().where('id', '=', id).executeTakeFirst(),
    list: () => db.selectFrom('certificates').selectAll().execute(),
    listOf: (siteId: number) =>
      db.selectFrom('certificates').selectAll().where('site_id', '=', siteId).orderBy('created_at').execute(),
    add: (certificate: Omit<CertificateRow, 'created_at'>) =>
      db
        .insertInto('certificates')
        .values({ ...certificate, created_at: clock.now().toISOString() })
        // An order that is resumed stores the same certificate once more.
        .onConflict((oc) => oc.column('id').doNothing())
        .execute(),
    remove: (id: string) => db.deleteFrom('certificates').where('id', '=', id).execute(),
    update: (id: string, change: Pick<CertificateRow, 'ari_id'>) =>
      db.updateTable('certificates').set(change).where('id', '=', id).execute(),
    /** Those that end before a time, serve a name, and were uploaded or have something wrong with their renewal. */
    troubledBefore: (time: Date) =>
      db
        .selectFrom('certificates')
        .selectAll()
        .where('not_after', '<', time.toISOString())
        .where((eb) =>
          eb.exists(
            eb
              .selectFrom('wanted_names')
              .select('name')
              .whereRef('wanted_names.certificate_id', '=', 'certificates.id')
              .where((served) =>
                served.or([
                  served('certificates.source', '=', 'uploaded'),
                  served('wanted_names.reason', 'is not', null),
                ]),
              ),
          ),
        )
        .execute(),
    /** Rows of certificates that serve no name; young ones may be about to. @returns their ids */
    removeUnusedBefore: async (time: Date) => {
      const rows = await db
        .deleteFrom('certificates')
        .where('created_at', '<', time.toISOString())
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('wanted_names')
                .select('name')
                .whereRef('wanted_names.certificate_id', '=', 'certificates.id'),
            ),
          ),
        )
        .returning('id')
        .execute()
      return rows.map(({ id }) => id)
    },
  }
}
