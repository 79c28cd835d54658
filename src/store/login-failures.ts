import type { Kysely, Selectable } from 'kysely'
import type { Tables } from './schema.ts'

export type LoginFailure = Selectable<Tables['login_failures']>

export function loginFailuresIn(db: Kysely<Tables>) {
  return {
    list: () => db.selectFrom('login_failures').selectAll().orderBy('last_at', 'desc').execute(),
    put: (row: LoginFailure) =>
      db
        .insertInto('login_failures')
        .values(row)
        .onConflict((oc) => oc.columns(['kind', 'name']).doUpdateSet({ ...row }))
        .execute(),
    remove: (kind: LoginFailure['kind'], name: string) =>
      db.deleteFrom('login_failures').where('kind', '=', kind).where('name', '=', name).execute(),
    /** Keeps those since a time, and of them so many. */
    prune: async (since: Date, most: number) => {
      await db.deleteFrom('login_failures').where('last_at', '<', since.toISOString()).execute()
      const oldest = await db
        .selectFrom('login_failures')
        .select('last_at')
        .orderBy('last_at', 'desc')
        .offset(most)
        .limit(1)
        .executeTakeFirst()
      if (oldest !== undefined) await db.deleteFrom('login_failures').where('last_at', '<=', oldest.last_at).execute()
    },
  }
}
