// Where a domain that redirects leads to: the name it was paired with, or the primary one of its site.
import { isWildcard, readDomain } from '../names/domain-name.ts'
import type { HostName } from '../names/host-name.ts'
import type { Domain } from '../store/domains.ts'

/** Domain → where it leads to in the end, for those that redirect: one redirect is enough for every visitor. */
export function redirectsOf(domains: readonly Domain[]): Map<string, HostName> {
  const byName = new Map(domains.map((domain) => [domain.name, domain]))
  const primary = domains.find(({ role }) => role === 'primary')
  const next = ({ redirects_to }: Domain) => byName.get(redirects_to ?? '') ?? primary
  const targets = new Map<string, HostName>()
  for (const domain of domains.filter(({ role }) => role === 'redirect')) {
    const target = followed(domain, next) ?? primary
    const name = target === undefined ? undefined : readDomain(target.name)
    if (name !== undefined && !isWildcard(name)) targets.set(domain.name, name)
  }
  return targets
}

/** Undefined for names that lead to each other in a circle. */
function followed(domain: Domain, next: (domain: Domain) => Domain | undefined): Domain | undefined {
  const seen = new Set<Domain>()
  let found: Domain | undefined = domain
  while (found?.role === 'redirect' && !seen.has(found)) {
    seen.add(found)
    found = next(found)
  }
  return found?.role === 'redirect' ? undefined : found
}
