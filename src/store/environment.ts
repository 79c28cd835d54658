import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export function environmentIn(db: Kysely<Tables>, clock: Clock) {
  return {
    listOf: (siteId: number) =>
      db.selectFrom('environment').selectAll().where('site_id', '=', siteId).orderBy('name').execute(),
    put: (siteId: number, name: string, sealed: string) =>
      db
        .insertInto('environment')
        .values({ site_id: siteId, name, sealed, updated_at: clock.now().toISOString() })
        .onConflict((oc) =>
          oc.columns(['site_id', 'name']).doUpdateSet({ sealed, updated_at: clock.now().toISOString() }),
        )
        .execute(),
    remove: (siteId: number, name: string) =>
      db.deleteFrom('environment').where('site_id', '=', siteId).where('name', '=', name).execute(),
  }
}
