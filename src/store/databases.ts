import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type DatabaseRow = Selectable<Tables['databases']>

export function databasesIn(db: Kysely<Tables>, clock: Clock) {
  return {
    list: () => db.selectFrom('databases').selectAll().orderBy('name').execute(),
    findOf: (siteId: number) => db.selectFrom('databases').selectAll().where('site_id', '=', siteId).executeTakeFirst(),
    add: (database: { name: string; siteId: number; password: string; maxConnections: number }) =>
      db
        .insertInto('databases')
        .values({
          name: database.name,
          site_id: database.siteId,
          password: database.password,
          state: 'making',
          max_connections: database.maxConnections,
          former_password: null,
          rotated_at: null,
          restore_id: null,
          restore_step: null,
          created_at: clock.now().toISOString(),
        })
        .returningAll()
        .executeTakeFirstOrThrow(),
    update: (name: string, change: Updateable<Tables['databases']>) =>
      db.updateTable('databases').set(change).where('name', '=', name).execute(),
    remove: (name: string) => db.deleteFrom('databases').where('name', '=', name).execute(),
  }
}
