// What commands ask of phpMyAdmin.
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'

export interface Invitation {
  /** Opens the database of one site, once. */
  readonly url: string
  /** The same by HTTPS, where plain HTTP is not led there by itself. It counts once all the same. */
  readonly others: readonly string[]
  readonly expiresAt: Date
}

export interface PhpMyAdmin {
  /**
   * Makes an address that logs in to the database of this site.
   * @throws HostingError not-found when the site has no database, conflict when phpMyAdmin is not offered, unavailable
   */
  invite(site: Site, account: Account, print: (line: string) => void): Promise<Invitation>
}
