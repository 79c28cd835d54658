import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type Site = Selectable<Tables['sites']>

export function sitesIn(db: Kysely<Tables>, clock: Clock) {
  return {
    list: () => db.selectFrom('sites').selectAll().orderBy('name').execute(),
    /** Owned by the account, or granted to it. */
    listFor: (accountId: number) =>
      db
        .selectFrom('sites')
        .selectAll()
        .where((eb) =>
          eb.or([
            eb('owner_id', '=', accountId),
            eb('id', 'in', eb.selectFrom('grants').select('site_id').where('account_id', '=', accountId)),
          ]),
        )
        .orderBy('name')
        .execute(),
    find: (name: string) => db.selectFrom('sites').selectAll().where('name', '=', name).executeTakeFirst(),
    get: (id: number) => db.selectFrom('sites').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    findById: (id: number) => db.selectFrom('sites').selectAll().where('id', '=', id).executeTakeFirst(),
    findByDomain: (domain: string) =>
      db
        .selectFrom('sites')
        .selectAll('sites')
        .innerJoin('domains', 'domains.site_id', 'sites.id')
        .where('domains.name', '=', domain)
        .executeTakeFirst(),
    /** Fails on its unique name when somebody was faster. */
    add: (site: { name: string; ownerId: number; branch: string }) =>
      db
        .insertInto('sites')
        .values({
          name: site.name,
          owner_id: site.ownerId,
          branch: site.branch,
          state: 'running',
          live_release_id: null,
          live_instance_id: null,
          created_at: clock.now().toISOString(),
        })
        .returningAll()
        .executeTakeFirstOrThrow(),
    update: (id: number, change: Updateable<Tables['sites']>) =>
      db.updateTable('sites').set(change).where('id', '=', id).execute(),
    remove: (id: number) => db.deleteFrom('sites').where('id', '=', id).execute(),
  }
}
