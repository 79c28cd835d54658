import type { Kysely, Selectable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type Key = Selectable<Tables['keys']>

export function keysIn(db: Kysely<Tables>, clock: Clock) {
  return {
    listOf: (accountId: number) =>
      db.selectFrom('keys').selectAll().where('account_id', '=', accountId).orderBy('created_at').execute(),
    find: (fingerprint: string) =>
      db.selectFrom('keys').selectAll().where('fingerprint', '=', fingerprint).executeTakeFirst(),
    add: (key: Omit<Key, 'created_at' | 'last_used_at'>) =>
      db
        .insertInto('keys')
        .values({ ...key, created_at: clock.now().toISOString(), last_used_at: null })
        .returningAll()
        .executeTakeFirstOrThrow(),
    used: (fingerprint: string) =>
      db
        .updateTable('keys')
        .set({ last_used_at: clock.now().toISOString() })
        .where('fingerprint', '=', fingerprint)
        .execute(),
    remove: (fingerprint: string) => db.deleteFrom('keys').where('fingerprint', '=', fingerprint).execute(),
  }
}
