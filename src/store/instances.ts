import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { InstanceState, Tables } from './schema.ts'

export function instancesIn(db: Kysely<Tables>, clock: Clock) {
  return {
    list: () => db.selectFrom('instances').selectAll().execute(),
    listOf: (siteId: number) =>
      db.selectFrom('instances').selectAll().where('site_id', '=', siteId).orderBy('created_at').execute(),
    find: (id: string) => db.selectFrom('instances').selectAll().where('id', '=', id).executeTakeFirst(),
    add: (instance: { id: string; siteId: number; releaseId: string }) =>
      db
        .insertInto('instances')
        .values({
          id: instance.id,
          site_id: instance.siteId,
          release_id: instance.releaseId,
          state: 'starting',
          created_at: clock.now().toISOString(),
        })
        .execute(),
    setState: (id: string, state: InstanceState) =>
      db.updateTable('instances').set({ state }).where('id', '=', id).execute(),
    remove: (id: string) => db.deleteFrom('instances').where('id', '=', id).execute(),
  }
}
