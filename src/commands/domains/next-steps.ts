// What is left to do after names were added: where their DNS has to lead, what their certificates wait for, which name was forgotten.
import type { CertificateStatus } from '../../certs/types.ts'
import { siteAddresses } from '../../deploy/site-address.ts'
import { covers, isWildcard, readDomain, shownName } from '../../names/domain-name.ts'
import { aboutName } from '../certs/certificate-view.ts'
import { settled } from '../certs/settled.ts'
import type { SiteContext } from '../command.ts'
import { expectedPartner } from './partner.ts'

export async function nextSteps(context: SiteContext, names: readonly string[]): Promise<string[]> {
  const statuses = await Promise.all(names.map((name) => settled(name, context, hasNews)))
  const told = statuses.flatMap((status) => (status === undefined ? [] : tell(status, context)))
  const triedAgain = statuses.filter((status) => status?.reason !== undefined && status.nextTryAt !== undefined)
  const [first] = triedAgain
  return [
    ...told,
    ...(first === undefined ? [] : [`It is tried again by itself; certs:check ${first.name}   looks at once.`]),
    ...(await forgotten(context, names)),
  ]
}

/** Its DNS was looked at and, where that leads here, the certificate is there. */
function hasNews({ certificate, reason }: CertificateStatus): boolean {
  return certificate !== undefined || reason !== undefined
}

function tell({ name, certificate, reason, record }: CertificateStatus, { config }: SiteContext): string[] {
  if (certificate !== undefined) {
    const url = siteAddresses(name, { config, secure: true }).at(-1) ?? ''
    return [`HTTPS serves it:  ${url}`]
  }
  if (reason === undefined)
    return [`Its certificate is on its way, if the DNS leads ${name} to this server: certs:check ${name}   tells.`]
  return [aboutName(name, reason), ...(record === undefined ? [] : [`  Set:  ${record}`])]
}

/** People type the other half of a pair as well, or have it in their links. */
async function forgotten({ store, site, config }: SiteContext, names: readonly string[]): Promise<string[]> {
  const [typed, ...more] = names
  const name = typed === undefined || more.length > 0 ? undefined : readDomain(typed)
  if (name === undefined || isWildcard(name) || name.endsWith(`.${config['base-domain']}`)) return []
  const partner = expectedPartner(name)
  if (partner === undefined) return []
  const own = await store.domains.listOf(site.id)
  if (own.find((domain) => domain.name === name)?.role === 'redirect') return []
  if (own.some((domain) => covers(readDomain(domain.name), partner))) return []
  if ((await store.sites.findByDomain(partner)) !== undefined) return []
  return [`${shownName(partner)} is none of its names:  domains:add ${site.name} ${name} --www   redirects it here.`]
}
