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

type Password = Awaited<ReturnType<Store['sitePasswords']['list']>>[number]

/** Changes at the edge what differs from the database. Done before a domain is led anywhere, so that nothing shows unprotected. */
export async function gateSite(site: Site, { store, edge }: Pick<Parts, 'store' | 'edge'>): Promise<void> {
  const domains = await store.domains.listOf(site.id)
  const wanted = wantedFor(site, domains, await store.sitePasswords.listOf(site.id))
  for (const [domain, flags] of wanted) await apply(domain, flags, edge.flags)
}

/** Of all sites. Names that nothing stands before, nor should, cost nothing: most of them. */
export async function gateAll({ store, edge }: Pick<Parts, 'store' | 'edge'>): Promise<void> {
  const gated = await edge.flags.list()
  const domains = Map.groupBy(await store.domains.list(), ({ site_id }) => site_id)
  const passwords = Map.groupBy(await store.sitePasswords.list(), ({ site_id }) => site_id)
  for (const site of await store.sites.list()) {
    const wanted = wantedFor(site, domains.get(site.id) ?? [], passwords.get(site.id) ?? [])
    for (const [domain, flags] of wanted)
      if (gated.has(domain) || isAnything(flags)) await apply(domain, flags, edge.flags)
  }
}

function wantedFor(
  { maintenance, hsts }: Site,
  domains: readonly Domain[],
  passwords: readonly Password[],
): Map<DomainName, WantedFlags> {
  const protection =
    passwords.length === 0 ? undefined : passwords.map(({ user, hash }) => `${user}:${hash}\n`).join('')
  const redirects = redirectsOf(domains)
  return new Map(
    domains.map(({ name }) => [
      readDomain(name),
      { maintenance: maintenance === 1, hsts: hsts === 1, protection, redirect: redirects.get(name) },
    ]),
  )
}

function isAnything({ maintenance, hsts, protection, redirect }: WantedFlags): boolean {
  return maintenance || hsts || protection !== undefined || redirect !== undefined
}

async function apply(domain: DomainName, wanted: WantedFlags, flags: SiteFlags): Promise<void> {
  const actual = await flags.of(domain)
  // What closes comes first, what opens last.
  if (wanted.protection !== actual.protection) await flags.setProtection(domain, wanted.protection)
  if (wanted.maintenance !== actual.maintenance) await flags.setMaintenance(domain, wanted.maintenance ? 'on' : 'off')
  if (wanted.hsts !== actual.hsts) await flags.setHsts(domain, wanted.hsts ? 'on' : 'off')
  if (wanted.redirect !== actual.redirect) await flags.setRedirect(domain, wanted.redirect)
}
