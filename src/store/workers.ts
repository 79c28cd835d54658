import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Tables } from './schema.ts'

export type Worker = Selectable<Tables['workers']>

export function workersIn(db: Kysely<Tables>) {
  return {
    list: () => db.selectFrom('workers').selectAll().execute(),
    listOf: (siteId: number) =>
      db.selectFrom('workers').selectAll().where('site_id', '=', siteId).orderBy('name').execute(),
    find: (id: string) => db.selectFrom('workers').selectAll().where('id', '=', id).executeTakeFirst(),
    add: (worker: Pick<Worker, 'id' | 'site_id' | 'name' | 'instance_id'>) =>
      db
        .insertInto('workers')
        .values({ ...worker, started_at: null, ended_at: null, exit_code: null, failures: 0, next_at: null })
        .returningAll()
        .executeTakeFirstOrThrow(),
    update: (id: string, change: Updateable<Tables['workers']>) =>
      db.updateTable('workers').set(change).where('id', '=', id).execute(),
    remove: (id: string) => db.deleteFrom('workers').where('id', '=', id).execute(),
  }
}
