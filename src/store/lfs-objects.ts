import { type Kysely, type Selectable, sql } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type LfsObjectRow = Selectable<Tables['lfs_objects']>

/** As many variables as SQLite takes in one statement, with room. */
const atOnce = 500

export function lfsObjectsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    find: (siteId: number, oid: string) =>
      db.selectFrom('lfs_objects').selectAll().where('site_id', '=', siteId).where('oid', '=', oid).executeTakeFirst(),
    findAll: async (siteId: number, oids: readonly string[]) => {
      const rows: LfsObjectRow[] = []
      for (let from = 0; from < oids.length; from += atOnce)
        rows.push(
          ...(await db
            .selectFrom('lfs_objects')
            .selectAll()
            .where('site_id', '=', siteId)
            .where('oid', 'in', oids.slice(from, from + atOnce))
            .execute()),
        )
      return rows
    },
    hasAny: async (siteId: number) => {
      const query = db.selectFrom('lfs_objects').select('oid').where('site_id', '=', siteId)
      return (await query.limit(1).executeTakeFirst()) !== undefined
    },
    bytesOf: async (siteId: number) => {
      const { bytes } = await db
        .selectFrom('lfs_objects')
        .select(sql<number | null>`SUM(size)`.as('bytes'))
        .where('site_id', '=', siteId)
        .executeTakeFirstOrThrow()
      return bytes ?? 0
    },
    /** Having it already is no error. */
    add: (siteId: number, oid: string, size: number) =>
      db
        .insertInto('lfs_objects')
        .values({ site_id: siteId, oid, size, wanted_at: clock.now().toISOString() })
        .onConflict((oc) => oc.columns(['site_id', 'oid']).doNothing())
        .execute(),
    /** A push needs them: what nothing refers to yet is not to go now. */
    want: async (siteId: number, oids: readonly string[]) => {
      for (let from = 0; from < oids.length; from += atOnce)
        await db
          .updateTable('lfs_objects')
          .set({ wanted_at: clock.now().toISOString() })
          .where('site_id', '=', siteId)
          .where('oid', 'in', oids.slice(from, from + atOnce))
          .execute()
    },
    unwantedSince: async (siteId: number, time: Date) => {
      const query = db.selectFrom('lfs_objects').select('oid').where('site_id', '=', siteId)
      return (await query.where('wanted_at', '<', time.toISOString()).execute()).map(({ oid }) => oid)
    },
    /** @returns false for one that was wanted meanwhile, or is gone already */
    removeUnwanted: async (siteId: number, oid: string, time: Date) => {
      const query = db.deleteFrom('lfs_objects').where('site_id', '=', siteId).where('oid', '=', oid)
      const { numDeletedRows } = await query.where('wanted_at', '<', time.toISOString()).executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}
