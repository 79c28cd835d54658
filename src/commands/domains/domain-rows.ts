// What a listing shows of a domain: how it answers, its certificate, and what is wrong with it in one line.
import { redirectsOf } from '../../deploy/redirects.ts'
import { siteAddress } from '../../deploy/site-address.ts'
import { unicodeName } from '../../names/domain-name.ts'
import type { Domain } from '../../store/domains.ts'
import type { SiteContext } from '../command.ts'
import { certificateData, certificateTrouble, renderCertificate } from '../certs/certificate-view.ts'

export type DomainRow = Awaited<ReturnType<typeof domainRows>>[number]

export async function domainRows(context: Pick<SiteContext, 'store' | 'site' | 'config' | 'certificates' | 'clock'>) {
  const { store, site, config, certificates, clock } = context
  const domains = await store.domains.listOf(site.id)
  const redirects = redirectsOf(domains)
  const statuses = new Map((await certificates.of(site)).map((status) => [status.name, status]))
  return domains.toSorted(primaryFirst).map((domain) => {
    const status = statuses.get(domain.name)
    return {
      name: domain.name,
      unicode: unicodeName(domain.name),
      url: siteAddress(domain.name, { config, secure: status?.certificate !== undefined }),
      role: domain.role,
      redirectsTo: redirects.get(domain.name) ?? null,
      ownName: domain.name === site.name,
      certificate: status === undefined ? null : certificateData(status),
      trouble: status === undefined ? null : certificateTrouble(status, clock.now()),
      createdAt: domain.created_at,
    }
  })
}

function primaryFirst(one: Domain, other: Domain): number {
  return Number(other.role === 'primary') - Number(one.role === 'primary')
}

export function renderRole({ role, redirectsTo }: Pick<DomainRow, 'role' | 'redirectsTo'>): string {
  return role === 'redirect' ? `redirects to ${redirectsTo ?? 'nothing'}` : role
}

export function renderDomainCertificate({ certificate }: DomainRow): string {
  return certificate === null ? '-' : renderCertificate(certificate)
}
