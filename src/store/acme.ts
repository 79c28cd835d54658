// What the platform has with CAs: accounts, orders under way, and the events that count against limits.
import type { Kysely, Selectable, Updateable } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Tables } from './schema.ts'

export type AcmeOrder = Selectable<Tables['acme_orders']>
export type AcmeEvent = Pick<Selectable<Tables['acme_events']>, 'kind' | 'subject'>

export function acmeIn(db: Kysely<Tables>, clock: Clock) {
  const now = () => clock.now().toISOString()
  return {
    findAccount: (directory: string) =>
      db.selectFrom('acme_accounts').selectAll().where('directory', '=', directory).executeTakeFirst(),
    /** The first one wins where two make one at once. */
    addAccount: (directory: string, key: string) =>
      db
        .insertInto('acme_accounts')
        .values({ directory, key, url: null, next_key: null, created_at: now() })
        .onConflict((oc) => oc.column('directory').doNothing())
        .execute(),
    updateAccount: (directory: string, change: Updateable<Tables['acme_accounts']>) =>
      db.updateTable('acme_accounts').set(change).where('directory', '=', directory).execute(),

    orders: () => db.selectFrom('acme_orders').selectAll().orderBy('created_at').execute(),
    addOrder: (order: Omit<AcmeOrder, 'created_at'>) =>
      db
        .insertInto('acme_orders')
        .values({ ...order, created_at: now() })
        .execute(),
    updateOrder: (id: string, change: Updateable<Tables['acme_orders']>) =>
      db.updateTable('acme_orders').set(change).where('id', '=', id).execute(),
    removeOrder: (id: string) => db.deleteFrom('acme_orders').where('id', '=', id).execute(),

    ...dnsNamesIn(db, now),
    ...eventsIn(db, now),
  }
}

function dnsNamesIn(db: Kysely<Tables>, now: () => string) {
  return {
    addDnsName: (name: string) =>
      db
        .insertInto('dns_names')
        .values({ name, created_at: now() })
        .onConflict((oc) => oc.column('name').doNothing())
        .execute(),
    hasDnsName: async (name: string) =>
      (await db.selectFrom('dns_names').select('name').where('name', '=', name).executeTakeFirst()) !== undefined,
    /** Whose names nobody wants any more. */
    staleDnsNames: async () => {
      const rows = await db
        .selectFrom('dns_names')
        .select('dns_names.name')
        .leftJoin('wanted_names', 'wanted_names.name', 'dns_names.name')
        .where('wanted_names.name', 'is', null)
        .execute()
      return rows.map(({ name }) => name)
    },
    removeDnsName: (name: string) => db.deleteFrom('dns_names').where('name', '=', name).execute(),
  }
}

function eventsIn(db: Kysely<Tables>, now: () => string) {
  return {
    addEvents: async (events: readonly AcmeEvent[], orderId?: string) => {
      if (events.length === 0) return
      const at = now()
      await db
        .insertInto('acme_events')
        .values(events.map((event) => ({ ...event, at, order_id: event.kind === 'order' ? null : (orderId ?? null) })))
        .execute()
    },
    /** No certificate came of the order: only that it was placed counts. */
    forgetEventsOf: (orderId: string) => db.deleteFrom('acme_events').where('order_id', '=', orderId).execute(),
    /** When the events of a window happened, the oldest first. */
    eventsSince: async ({ kind, subject }: AcmeEvent, since: Date) => {
      const rows = await db
        .selectFrom('acme_events')
        .select('at')
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .where('at', '>', since.toISOString())
        .orderBy('at')
        .execute()
      return rows.map(({ at }) => new Date(at))
    },
    forgetEventsBefore: (time: Date) => db.deleteFrom('acme_events').where('at', '<', time.toISOString()).execute(),
  }
}
