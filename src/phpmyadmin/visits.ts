// Who may be at which database: a ticket becomes a visit, once, and each request of a visit is asked for again what the ticket was
// asked for. So a visit ends with the site, the account, its access, the database or its password.
import { authorize } from '../access/authorize.ts'
import type { Databases } from '../data/databases/types.ts'
import { HostingError } from '../errors/hosting-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { Account } from '../store/accounts.ts'
import type { DatabaseRow } from '../store/databases.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import { Passes } from '../lib/passes.ts'

const minuteMs = 60_000
export const ticketMs = 2 * minuteMs
export const visitMs = 8 * 60 * minuteMs
/** A browser that is left open. */
const idleMs = 60 * minuteMs

export interface VisitParts {
  readonly store: Store
  readonly databases: Pick<Databases, 'get'>
  readonly clock: Clock
}

interface Visit {
  readonly site: Pick<Site, 'id' | 'name' | 'created_at'>
  readonly account: Pick<Account, 'id' | 'name' | 'created_at'>
  /** As it is sealed: another one means that it was rotated, for which there are reasons. */
  readonly password: string
  usedAt: number
}

export interface Admitted {
  readonly site: Site
  readonly database: DatabaseRow
}

export class Visits {
  readonly #parts: VisitParts
  readonly #tickets: Passes<Visit>
  readonly #visits: Passes<Visit>

  constructor(parts: VisitParts) {
    this.#parts = parts
    this.#tickets = new Passes(parts.clock)
    this.#visits = new Passes(parts.clock)
  }

  /** Permission has been asked for. @throws HostingError not-found when there is no database, conflict when it is half made */
  async invite(site: Site, account: Account): Promise<{ ticket: string; expiresAt: Date }> {
    const { password } = await this.#parts.databases.get(site)
    const ticket = this.#tickets.issue({ site, account, password, usedAt: this.#now() }, ticketMs)
    return { ticket, expiresAt: new Date(this.#now() + ticketMs) }
  }

  /** @returns the secret of the visit that a ticket for this site begins */
  async begin(ticket: string, site: string): Promise<string | undefined> {
    const visit = this.#tickets.take(ticket)
    if (visit?.site.name !== site || (await this.#admit(visit)) === undefined) return undefined
    return this.#visits.issue({ ...visit, usedAt: this.#now() }, visitMs)
  }

  /** What a visit leads to, if it goes on. */
  async find(secret: string, site: string): Promise<Admitted | undefined> {
    const visit = this.#visits.find(secret)
    if (visit?.site.name !== site) return undefined
    const admitted = this.#now() - visit.usedAt > idleMs ? undefined : await this.#admit(visit)
    if (admitted === undefined) this.#visits.take(secret)
    visit.usedAt = this.#now()
    return admitted
  }

  async #admit({ site: { id, name, created_at }, account, password }: Visit): Promise<Admitted | undefined> {
    const { store, databases } = this.#parts
    const site = await store.sites.find(name)
    const visitor = await store.accounts.find(account.name)
    if (site === undefined || visitor === undefined) return undefined
    // A name that was given up and taken again is somebody else's.
    if (site.id !== id || site.created_at !== created_at) return undefined
    if (visitor.id !== account.id || visitor.created_at !== account.created_at) return undefined
    try {
      await authorize(store, visitor, { action: 'site:operate', site })
      const database = await databases.get(site)
      return database.password === password ? { site, database } : undefined
    } catch (error) {
      if (error instanceof HostingError) return undefined
      throw error
    }
  }

  #now(): number {
    return this.#parts.clock.now().getTime()
  }
}
