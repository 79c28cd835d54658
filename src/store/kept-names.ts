import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export function keptNamesIn(db: Kysely<Tables>, clock: Clock) {
  return {
    /** Undefined once its time is over. */
    find: (name: string) =>
      db
        .selectFrom('kept_names')
        .innerJoin('accounts', 'accounts.id', 'kept_names.account_id')
        .select(['kept_names.name', 'account_id', 'until', 'accounts.name as account'])
        .where('kept_names.name', '=', name)
        .where('until', '>', clock.now().toISOString())
        .executeTakeFirst(),
    keep: async (name: string, { accountId, days }: { accountId: number; days: number }) => {
      const now = clock.now()
      await db.deleteFrom('kept_names').where('until', '<=', now.toISOString()).execute()
      const until = new Date(now.getTime() + days * 86_400_000).toISOString()
      await db
        .insertInto('kept_names')
        .values({ name, account_id: accountId, until })
        .onConflict((oc) => oc.column('name').doUpdateSet({ account_id: accountId, until }))
        .execute()
    },
    remove: (name: string) => db.deleteFrom('kept_names').where('name', '=', name).execute(),
  }
}
