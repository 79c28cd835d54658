import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type Job = Selectable<Tables['jobs']>

export function jobsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    list: () => db.selectFrom('jobs').selectAll().orderBy('created_at').execute(),
    add: (job: Omit<Job, 'created_at'>) =>
      db
        .insertInto('jobs')
        .values({ ...job, created_at: clock.now().toISOString() })
        .execute(),
    update: (id: string, change: Updateable<Tables['jobs']>) =>
      db.updateTable('jobs').set(change).where('id', '=', id).execute(),
    remove: (id: string) => db.deleteFrom('jobs').where('id', '=', id).execute(),
  }
}
