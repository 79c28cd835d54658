// What stands before the sites, as the database says it: maintenance, passwords, HSTS, redirects. The edge keeps a copy, a domain each.
import type { DomainFlags, SiteFlags } from '../edge/site-flags.ts'
import { type DomainName, readDomain } from '../names/domain-name.ts'
import type { HostName } from '../names/host-name.ts'
import type { Domain } from '../store/domains.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import type { Parts } from './parts.ts'
import { redirectsOf } from './redirects.ts'

type WantedFlags = Omit<DomainFlags, 'redirect'> & { readonly redirect: HostName | undefined }

/** Changes at the edge what differs from the database. Done before a domain is led anywhere, so that nothing shows unprotected. */
export async function gateSite(site: Site, { store, edge }: Pick<Parts, 'store' | 'edge'>): Promise<void> {
  const domains = await store.domains.listOf(site.id)
  const wanted = await wantedFor(site, domains, store)
  for (const [domain, flags] of wanted) await apply(domain, flags, edge.flags)
}

async function wantedFor(
  { id, maintenance, hsts }: Site,
  domains: readonly Domain[],
  store: Pick<Store, 'sitePasswords'>,
): Promise<Map<DomainName, WantedFlags>> {
  const users = await store.sitePasswords.listOf(id)
  const protection = users.length === 0 ? undefined : users.map(({ user, hash }) => `${user}:${hash}\n`).join('')
  const redirects = redirectsOf(domains)
  return new Map(
    domains.map(({ name }) => [
      readDomain(name),
      { maintenance: maintenance === 1, hsts: hsts === 1, protection, redirect: redirects.get(name) },
    ]),
  )
}

async function apply(domain: DomainName, wanted: WantedFlags, flags: SiteFlags): Promise<void> {
  const actual = await flags.of(domain)
  // What closes comes first, what opens last.
  if (wanted.protection !== actual.protection) await flags.setProtection(domain, wanted.protection)
  if (wanted.maintenance !== actual.maintenance) await flags.setMaintenance(domain, wanted.maintenance ? 'on' : 'off')
  if (wanted.hsts !== actual.hsts) await flags.setHsts(domain, wanted.hsts ? 'on' : 'off')
  if (wanted.redirect !== actual.redirect) await flags.setRedirect(domain, wanted.redirect)
}
