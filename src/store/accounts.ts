import { type Kysely, type Selectable, sql } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Role, Tables } from './schema.ts'

export type Account = Selectable<Tables['accounts']>

export function accountsIn(db: Kysely<Tables>, clock: Clock) {
  return {
    list: () => db.selectFrom('accounts').selectAll().orderBy('name').execute(),
    find: (name: string) => db.selectFrom('accounts').selectAll().where('name', '=', name).executeTakeFirst(),
    get: (id: number) => db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    /** With a number that none has had before. */
    add: (name: string, role: Role) =>
      db
        .insertInto('accounts')
        .values({
          id: sql<number>`(SELECT last + 1 FROM account_numbers)`,
          name,
          role,
          created_at: clock.now().toISOString(),
        })
        .returningAll()
        .executeTakeFirstOrThrow(),
    setMail: (id: number, mail: string | null) =>
      db.updateTable('accounts').set({ mail }).where('id', '=', id).execute(),
    remove: (id: number) => db.deleteFrom('accounts').where('id', '=', id).execute(),
  }
}
