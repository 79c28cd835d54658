// One more name for a site, and how it answers: served, primary, or redirected. Who may have a name is for access/ to say.
import { z } from 'zod'
import { addDomain, changeDomain } from '../../access/sites.ts'
import { redirectsOf } from '../../deploy/redirects.ts'
import { primaryAddresses } from '../../deploy/site-address.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { type DomainName, isWildcard, parseDomain, shownName } from '../../names/domain-name.ts'
import type { HostName } from '../../names/host-name.ts'
import type { Domain, DomainAnswer } from '../../store/domains.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { flag } from '../inputs.ts'
import { done } from '../output/outcome.ts'
import { nextSteps } from './next-steps.ts'
import { partnerOf } from './partner.ts'

export const domainsAdd = siteCommand({
  name: 'domains:add',
  group: 'Domains',
  summary: 'Have a site answer to one more name',
  description: `A name that another site has is refused, and so is one below somebody else's without their consent (domains:allow). Where the
DNS leads a name elsewhere, a TXT record has to show that it is yours. A certificate comes by itself as soon as the DNS leads here. For a
name the site has already, the options change how it answers.`,
  arguments: [
    { name: 'domain', description: 'a host name; a short one means a name below the base domain; or *.NAME' },
  ],
  options: [
    { flags: '--primary', description: 'make it the name that others are redirected to' },
    { flags: '--redirect', description: 'redirect it to the primary domain, for good, path and query kept' },
    { flags: '--www', description: 'redirect its partner to it, too: www.NAME, or NAME for www.NAME' },
  ],
  examples: [
    'domains:add demo example.org --primary --www',
    'domains:add demo old.example.net --redirect',
    "domains:add demo '*.example.org'",
  ],
  permission: 'site:configure',
  input: z.object({ domain: z.string(), primary: flag, redirect: flag, www: flag }),
  run: async (context, input) => {
    const name = parseDomain(input.domain, context.config['base-domain'])
    const partner = input.www ? partnerOf(name) : undefined
    mustMakeSense(name, input)
    await take(context, name, input)
    const refusal = partner === undefined ? undefined : await tryPartner(context, partner, name)
    // Both at once, so that they share a certificate.
    await context.deployments.routeDomains(context.site)
    if (refusal !== undefined) throw refusal
    return await added(context, partner === undefined ? [name] : [name, partner])
  },
})

interface Input {
  readonly primary: boolean
  readonly redirect: boolean
  readonly www: boolean
}

function mustMakeSense(name: DomainName, { primary, redirect }: Input): void {
  if (primary && redirect)
    throw new HostingError('usage', 'The primary domain is where redirects end: it can’t be one itself', {
      hint: 'Leave out --primary or --redirect.',
    })
  if (primary && isWildcard(name))
    throw new HostingError('usage', `${name} stands for many names, and a redirect needs one to lead to`, {
      hint: 'Leave out --primary.',
    })
}

async function take(context: SiteContext, name: DomainName, input: Input): Promise<void> {
  const known = await context.store.domains.find(name)
  const wanted = input.primary ? 'primary' : input.redirect ? 'redirect' : undefined
  // The primary one stays that: `--www` alone says nothing about it.
  const role = wanted ?? (isOwn(known, context) && known.role === 'primary' ? 'primary' : 'served')
  const isNews = await put(context, name, { role })
  if (isNews || input.www) return
  throw new HostingError('conflict', `${context.site.name} has the name ${shownName(name)} already`, {
    hint: `domains ${context.site.name}   shows how it answers.`,
  })
}

/** Takes the name, or changes how one of the site's own answers. @returns false when it answers like that already */
async function put(context: SiteContext, name: DomainName, answer: DomainAnswer): Promise<boolean> {
  const { store, site } = context
  const known = await store.domains.find(name)
  if (!isOwn(known, context)) await addDomain({ ...context, name, answer })
  else if (known.role === answer.role && known.redirects_to === (answer.redirectsTo ?? null)) return false
  else await changeDomain({ store, site, name, answer })
  return true
}

function isOwn(known: Domain | undefined, { site }: Pick<SiteContext, 'site'>): known is Domain {
  return known?.site_id === site.id
}

/** What is in the way of the partner is no reason to take the name away again: it is said, and can be mended. */
async function tryPartner(
  context: SiteContext,
  partner: HostName,
  name: DomainName,
): Promise<HostingError | undefined> {
  try {
    await put(context, partner, { role: 'redirect', redirectsTo: name })
    return undefined
  } catch (error) {
    if (!(error instanceof HostingError)) throw error
    const { code, message, hint, details } = error
    return new HostingError(code, `${shownName(name)} was added, but not ${shownName(partner)}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      details,
      cause: error,
    })
  }
}

async function added(context: SiteContext, names: readonly DomainName[]) {
  const { store, site } = context
  const [name = site.name, partner] = names
  const domains = await store.domains.listOf(site.id)
  const target = redirectsOf(domains).get(name)
  const role = domains.find((each) => each.name === name)?.role
  const data = {
    name,
    role,
    redirectsTo: target ?? null,
    url: (await primaryAddresses(site, context))[0],
    partner: partner ?? null,
  }
  const said = saying(site.name, { name, role, target })
  const also = partner === undefined ? '' : `; ${shownName(partner)} redirects there`
  return done(data, `${said}${also}`, await nextSteps(context, names))
}

function saying(
  site: string,
  { name, role, target }: { name: string; role: string | undefined; target?: string | undefined },
) {
  if (target !== undefined) return `${shownName(name)} redirects to ${shownName(target)}`
  if (role === 'primary') return `${shownName(name)} is the primary domain of ${site}`
  return `${site} answers to ${shownName(name)}`
}
