import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export function domainsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    list: () => db.selectFrom('domains').selectAll().execute(),
    listOf: (siteId: number) =>
      db.selectFrom('domains').selectAll().where('site_id', '=', siteId).orderBy('created_at').execute(),
    find: (name: string) => db.selectFrom('domains').selectAll().where('name', '=', name).executeTakeFirst(),
    add: (name: string, siteId: number) =>
      db.insertInto('domains').values({ name, site_id: siteId, created_at: clock.now().toISOString() }).execute(),
    remove: (name: string) => db.deleteFrom('domains').where('name', '=', name).execute(),
  }
}
