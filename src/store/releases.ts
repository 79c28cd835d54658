import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type Release = Selectable<Tables['releases']>
export type NewRelease = Pick<Release, 'id' | 'site_id' | 'commit' | 'subject' | 'account_id' | 'directory'> & {
  rollback_of?: number | null
  buildpack?: string | null
}

export function releasesIn(db: Kysely<Tables>, clock: Clock) {
  return {
    /** Newest first. */
    listOf: (siteId: number) =>
      db.selectFrom('releases').selectAll().where('site_id', '=', siteId).orderBy('number', 'desc').execute(),
    find: (siteId: number, number: number) =>
      db
        .selectFrom('releases')
        .selectAll()
        .where('site_id', '=', siteId)
        .where('number', '=', number)
        .executeTakeFirst(),
    listByIds: (ids: readonly string[]) => db.selectFrom('releases').selectAll().where('id', 'in', ids).execute(),
    get: (id: string) => db.selectFrom('releases').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    /** Numbers count up within a site, failed releases included. */
    add: (release: NewRelease) =>
      db
        .insertInto('releases')
        .values((eb) => ({
          rollback_of: null,
          buildpack: null,
          ...release,
          number: eb
            .selectFrom('releases')
            .select((sub) => sub(sub.fn.coalesce(sub.fn.max('number'), sub.lit(0)), '+', 1).as('next'))
            .where('site_id', '=', release.site_id),
          state: 'preparing',
          reason: null,
          timings: '{}',
          created_at: clock.now().toISOString(),
          live_at: null,
        }))
        .returningAll()
        .executeTakeFirstOrThrow(),
    update: (id: string, change: Updateable<Tables['releases']>) =>
      db.updateTable('releases').set(change).where('id', '=', id).execute(),
    /** Directories that releases with files refer to, of all sites: ids are unique among them. */
    wantedDirectories: async () => {
      const rows = await db
        .selectFrom('releases')
        .select('directory')
        .distinct()
        .where('state', 'not in', ['removed', 'failed'])
        .execute()
      return rows.map((row) => row.directory)
    },
    remove: (id: string) => db.deleteFrom('releases').where('id', '=', id).execute(),
  }
}
