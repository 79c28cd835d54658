import type { Kysely } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export function consentsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    listOf: (siteId: number) =>
      db
        .selectFrom('consents')
        .innerJoin('accounts', 'accounts.id', 'consents.account_id')
        .innerJoin('domains', 'domains.name', 'consents.domain')
        .select(['consents.domain', 'accounts.name as account', 'consents.created_at'])
        .where('domains.site_id', '=', siteId)
        .orderBy('consents.domain')
        .orderBy('accounts.name')
        .execute(),
    find: (domain: string, accountId: number) =>
      db
        .selectFrom('consents')
        .selectAll()
        .where('domain', '=', domain)
        .where('account_id', '=', accountId)
        .executeTakeFirst(),
    put: (domain: string, accountId: number) =>
      db
        .insertInto('consents')
        .values({ domain, account_id: accountId, created_at: clock.now().toISOString() })
        .onConflict((oc) => oc.doNothing())
        .execute(),
    remove: (domain: string, accountId: number) =>
      db.deleteFrom('consents').where('domain', '=', domain).where('account_id', '=', accountId).execute(),
  }
}
