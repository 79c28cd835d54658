import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export function sitePasswordsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    list: () => db.selectFrom('site_passwords').selectAll().orderBy('user').execute(),
    listOf: (siteId: number) =>
      db.selectFrom('site_passwords').selectAll().where('site_id', '=', siteId).orderBy('user').execute(),
    put: (siteId: number, user: string, hash: string) =>
      db
        .insertInto('site_passwords')
        .values({ site_id: siteId, user, hash, created_at: clock.now().toISOString() })
        .onConflict((oc) => oc.columns(['site_id', 'user']).doUpdateSet({ hash }))
        .execute(),
    remove: (siteId: number, user: string) =>
      db.deleteFrom('site_passwords').where('site_id', '=', siteId).where('user', '=', user).execute(),
    removeAllOf: (siteId: number) => db.deleteFrom('site_passwords').where('site_id', '=', siteId).execute(),
  }
}
