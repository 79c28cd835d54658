import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { parseDomain, shownName } from '../../names/domain-name.ts'
import { getDomain } from '../domains/get-domain.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'

export const certsRenew = siteCommand({
  name: 'certs:renew',
  group: 'Certificates',
  summary: 'Have certificates issued now, before it is time',
  description:
    "They are renewed by themselves; this is for keys that got lost, and for those in a hurry. The CA's limits are kept.",
  arguments: [{ name: 'domain', description: 'one name only; all of the site if left out', optional: true }],
  examples: ['certs:renew demo', 'certs:renew demo www.example.org'],
  permission: 'site:operate',
  input: z.object({ domain: z.string().optional() }),
  run: async (context, input) => {
    const { certificates, site, progress, gone } = context
    const renewed: { name: string; notAfter: string | null }[] = []
    // One certificate may serve several names: once is enough.
    const fresh = new Set<string>()
    for (const name of await namesToRenew(context, input.domain)) {
      if (fresh.has((await certificates.find(name))?.certificate?.id ?? '')) continue
      progress(`${shownName(name)} …`)
      const { certificate } = await certificates.renew(name, gone)
      if (certificate !== undefined) fresh.add(certificate.id)
      renewed.push({ name, notAfter: certificate?.notAfter.toISOString() ?? null })
    }
    return done(renewed, `${site.name}: ${renewed.map(({ name }) => shownName(name)).join(', ')} renewed`)
  },
})

async function namesToRenew({ certificates, store, site, config }: SiteContext, domain?: string): Promise<string[]> {
  if (domain !== undefined) return [(await getDomain(store, site, parseDomain(domain, config['base-domain']))).name]
  const statuses = await certificates.of(site)
  const names = statuses.filter(({ certificate }) => certificate?.source !== 'uploaded').map(({ name }) => name)
  if (names.length > 0) return names
  throw new HostingError('not-found', `${site.name} has no certificate that the platform could renew`, {
    hint: statuses.length > 0 ? `certs:remove ${site.name}   leaves them to the platform.` : `domains ${site.name}`,
  })
}
