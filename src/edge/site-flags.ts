// What commands set before a site: maintenance, a password, HSTS, a redirect to another name. In force from the next request on, without
// a reload. The database is the truth: what is set here has to be set again when a domain is added, and after a restore.
import type { DomainName } from '../names/domain-name.ts'
import type { HostName } from '../names/host-name.ts'
import type { Entries } from './entries.ts'

export interface SiteFlags {
  /** Everybody gets 503 and a page that says so: the release's own /maintenance.html, where its edge tree has one. */
  setMaintenance(domain: DomainName, state: 'on' | 'off'): Promise<void>
  /** Browsers that have been here by HTTPS come by HTTPS for a year (RFC 6797). */
  setHsts(domain: DomainName, state: 'on' | 'off'): Promise<void>
  /** Asks for one of the passwords in `htpasswd` (lines NAME:HASH, as htpasswd(1) writes them; the hash is computed at each request). */
  setProtection(domain: DomainName, htpasswd: string | undefined): Promise<void>
  /** Sends every request to the same path of another domain. */
  setRedirect(domain: DomainName, target: HostName | undefined): Promise<void>
  of(domain: DomainName): Promise<DomainFlags>
  /** The domains that something stands before, be it HTTPS alone. */
  list(): Promise<ReadonlySet<string>>
}

export interface DomainFlags {
  readonly maintenance: boolean
  readonly hsts: boolean
  readonly protection: string | undefined
  readonly redirect: string | undefined
}

export function siteFlagsOf(entries: Entries): SiteFlags {
  const set = (file: 'maintenance' | 'hsts') => (domain: DomainName, state: 'on' | 'off') =>
    entries.change(domain, (gates) => (state === 'on' ? gates.put(domain, file) : gates.take(domain, file)))
  return {
    setMaintenance: set('maintenance'),
    setHsts: set('hsts'),
    setProtection: (domain, htpasswd) =>
      entries.change(domain, (gates) =>
        htpasswd === undefined ? gates.take(domain, 'htpasswd') : gates.putPasswords(domain, htpasswd),
      ),
    setRedirect: (domain, target) =>
      entries.change(domain, (gates) =>
        target === undefined ? gates.take(domain, 'redirect') : gates.putRedirect(domain, target),
      ),
    async of(domain) {
      const files = await entries.gates.of(domain)
      return {
        maintenance: files.has('maintenance'),
        hsts: files.has('hsts'),
        protection: files.has('htpasswd') ? await entries.gates.passwordsOf(domain) : undefined,
        redirect: files.has('redirect') ? await entries.gates.redirectOf(domain) : undefined,
      }
    },
    list: () => entries.gates.list(),
  }
}
