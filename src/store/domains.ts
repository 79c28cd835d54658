import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { DomainRole, Tables } from './schema.ts'

export type Domain = Selectable<Tables['domains']>

export interface DomainAnswer {
  readonly role: DomainRole
  /** With `redirect`: another name of the site. Left out: its primary one. */
  readonly redirectsTo?: string
}

export function domainsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    list: () => db.selectFrom('domains').selectAll().execute(),
    listOf: (siteId: number) =>
      db.selectFrom('domains').selectAll().where('site_id', '=', siteId).orderBy('created_at').execute(),
    find: (name: string) => db.selectFrom('domains').selectAll().where('name', '=', name).executeTakeFirst(),
    listPrimary: () => db.selectFrom('domains').select(['site_id', 'name']).where('role', '=', 'primary').execute(),
    primaryOf: (siteId: number) =>
      db
        .selectFrom('domains')
        .selectAll()
        .where('site_id', '=', siteId)
        .where('role', '=', 'primary')
        .executeTakeFirst(),
    add: (name: string, siteId: number, { role, redirectsTo }: DomainAnswer = { role: 'served' }) =>
      db
        .insertInto('domains')
        .values({
          name,
          site_id: siteId,
          role,
          redirects_to: redirectsTo ?? null,
          created_at: clock.now().toISOString(),
        })
        .execute(),
    update: (name: string, change: Updateable<Tables['domains']>) =>
      db.updateTable('domains').set(change).where('name', '=', name).execute(),
    /** To be called in the transaction that makes another one primary. */
    demote: (siteId: number, role: Exclude<DomainRole, 'primary'>) =>
      db.updateTable('domains').set({ role }).where('site_id', '=', siteId).where('role', '=', 'primary').execute(),
    remove: (name: string) => db.deleteFrom('domains').where('name', '=', name).execute(),
  }
}
