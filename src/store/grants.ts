import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { GrantRole, Tables } from './schema.ts'

export function grantsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    listOf: (siteId: number) =>
      db
        .selectFrom('grants')
        .innerJoin('accounts', 'accounts.id', 'grants.account_id')
        .select(['accounts.name as account', 'grants.role', 'grants.created_at'])
        .where('site_id', '=', siteId)
        .orderBy('accounts.name')
        .execute(),
    find: (siteId: number, accountId: number) =>
      db
        .selectFrom('grants')
        .selectAll()
        .where('site_id', '=', siteId)
        .where('account_id', '=', accountId)
        .executeTakeFirst(),
    put: (siteId: number, accountId: number, role: GrantRole) =>
      db
        .insertInto('grants')
        .values({ site_id: siteId, account_id: accountId, role, created_at: clock.now().toISOString() })
        .onConflict((oc) => oc.columns(['site_id', 'account_id']).doUpdateSet({ role }))
        .execute(),
    remove: (siteId: number, accountId: number) =>
      db.deleteFrom('grants').where('site_id', '=', siteId).where('account_id', '=', accountId).execute(),
  }
}
