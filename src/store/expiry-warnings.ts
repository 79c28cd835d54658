import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export function expiryWarningsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    find: (certificateId: string, days: number) =>
      db
        .selectFrom('expiry_warnings')
        .selectAll()
        .where('certificate_id', '=', certificateId)
        .where('days', '=', days)
        .executeTakeFirst(),
    add: (certificateId: string, days: number) =>
      db
        .insertInto('expiry_warnings')
        .values({ certificate_id: certificateId, days, sent_at: clock.now().toISOString() })
        .onConflict((oc) => oc.doNothing())
        .execute(),
    /** Of certificates that are gone, or replaced. */
    keepOnly: (certificateIds: readonly string[]) =>
      db
        .deleteFrom('expiry_warnings')
        .where('certificate_id', 'not in', [...certificateIds])
        .execute(),
  }
}
