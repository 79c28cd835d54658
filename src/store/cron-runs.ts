import type { Kysely, Selectable } from 'kysely'
import type { Tables } from './schema.ts'

export type CronRun = Selectable<Tables['cron_runs']>
type Key = Pick<CronRun, 'site_id' | 'schedule' | 'command'>
type End = { ended_at: string } & Pick<CronRun, 'result' | 'exit_code'>

export function cronRunsIn(db: Kysely<Tables>) {
  return {
    listOf: (siteId: number) => db.selectFrom('cron_runs').selectAll().where('site_id', '=', siteId).execute(),
    /** Takes the place of the run before it. */
    begin: (key: Key, startedAt: string) => {
      const run = { started_at: startedAt, ended_at: null, result: null, exit_code: null }
      return db
        .insertInto('cron_runs')
        .values({ ...key, ...run })
        .onConflict((oc) => oc.columns(['site_id', 'schedule', 'command']).doUpdateSet(run))
        .execute()
    },
    end: ({ site_id: siteId, schedule, command }: Key, end: End) =>
      db
        .updateTable('cron_runs')
        .set(end)
        .where('site_id', '=', siteId)
        .where('schedule', '=', schedule)
        .where('command', '=', command)
        .execute(),
    /** Those that were cut off with the platform. */
    endAll: (end: End) => db.updateTable('cron_runs').set(end).where('ended_at', 'is', null).execute(),
  }
}
