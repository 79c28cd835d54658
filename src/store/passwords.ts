import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export function passwordsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    find: (accountId: number) =>
      db.selectFrom('passwords').selectAll().where('account_id', '=', accountId).executeTakeFirst(),
    /** One question for a name that has a password, one that has none, and one that nobody has. */
    findByName: (name: string) =>
      db
        .selectFrom('passwords')
        .innerJoin('accounts', 'accounts.id', 'passwords.account_id')
        .selectAll('passwords')
        .where('accounts.name', '=', name)
        .executeTakeFirst(),
    set: (accountId: number, hash: string) =>
      db
        .insertInto('passwords')
        .values({ account_id: accountId, hash, changed_at: clock.now().toISOString(), last_used_at: null })
        .onConflict((oc) =>
          oc.column('account_id').doUpdateSet({ hash, changed_at: clock.now().toISOString(), last_used_at: null }),
        )
        .execute(),
    /** The same password, hashed at today's cost. */
    rehash: (accountId: number, hash: string) =>
      db.updateTable('passwords').set({ hash }).where('account_id', '=', accountId).execute(),
    used: (accountId: number) =>
      db
        .updateTable('passwords')
        .set({ last_used_at: clock.now().toISOString() })
        .where('account_id', '=', accountId)
        .execute(),
    remove: (accountId: number) => db.deleteFrom('passwords').where('account_id', '=', accountId).execute(),
  }
}
