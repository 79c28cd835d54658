import type { Kysely, Selectable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type Token = Selectable<Tables['tokens']>
export type NewToken = Omit<Token, 'created_at' | 'last_used_at'>

export function tokensIn(db: Kysely<Tables>, clock: Clock) {
  return {
    listOf: (accountId: number) =>
      db.selectFrom('tokens').selectAll().where('account_id', '=', accountId).orderBy('created_at').execute(),
    find: (hash: string) => db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst(),
    get: (id: string) => db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst(),
    /** Those of its sites that are still there. */
    sitesOf: (id: string) =>
      db
        .selectFrom('token_sites')
        .innerJoin('sites', 'sites.id', 'token_sites.site_id')
        .select(['sites.id', 'sites.name'])
        .where('token_id', '=', id)
        .orderBy('sites.name')
        .execute(),
    add: (token: NewToken) =>
      db
        .insertInto('tokens')
        .values({ ...token, created_at: clock.now().toISOString(), last_used_at: null })
        .returningAll()
        .executeTakeFirstOrThrow(),
    addSite: (id: string, siteId: number) =>
      db.insertInto('token_sites').values({ token_id: id, site_id: siteId }).execute(),
    used: (id: string) =>
      db.updateTable('tokens').set({ last_used_at: clock.now().toISOString() }).where('id', '=', id).execute(),
    remove: (id: string) => db.deleteFrom('tokens').where('id', '=', id).execute(),
  }
}
