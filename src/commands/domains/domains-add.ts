// One more name for a site, and how it answers: served, primary, or redirected. Who may have a name is for access/ to say.
import { z } from 'zod'
import { addDomain, changeDomain } from '../../access/sites.ts'
import { redirectsOf } from '../../deploy/redirects.ts'
import { primaryAddresses } from '../../deploy/site-address.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { type DomainName, isWildcard, parseDomain, shownName } from '../../names/domain-name.ts'
import type { DomainAnswer } from '../../store/domains.ts'
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
    'domains:add demo *.example.org',
  ],
  permission: 'site:configure',
  input: z.object({ domain: z.string(), primary: flag, redirect: flag, www: flag }),
  run: async (context, input) => {
    const name = parseDomain(input.domain, context.config['base-domain'])
    const partner = input.www ? partnerOf(name) : undefined
    mustMakeSense(name, input)
    const role = input.primary ? 'primary' : input.redirect ? 'redirect' : 'served'
    await put(context, name, { role })
    if (partner !== undefined) await putPartner(context, partner, name)
    return await added(context, [name, ...(partner === undefined ? [] : [partner])])
  },
})

interface Input {
  readonly primary: boolean
  readonly redirect: boolean
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

/** Takes the name, or changes how one of the site's own answers. */
async function put(context: SiteContext, name: DomainName, answer: DomainAnswer): Promise<void> {
  const { store, site, deployments, certificates } = context
  const known = await store.domains.find(name)
  if (known?.site_id === site.id && (known.role !== answer.role || known.redirects_to !== (answer.redirectsTo ?? null)))
    await changeDomain({ store, site, name, answer })
  else await addDomain({ ...context, name, answer })
  await deployments.routeDomains(site)
  await certificates.want(site, name)
}

/** What is in the way of the partner is no reason to take the name away again: it is said, and can be mended. */
async function putPartner(context: SiteContext, partner: DomainName, name: DomainName): Promise<void> {
  try {
    await put(context, partner, { role: 'redirect', redirectsTo: name })
  } catch (error) {
    if (!(error instanceof HostingError)) throw error
    throw new HostingError(
      error.code,
      `${shownName(name)} was added, but not ${shownName(partner)}: ${error.message}`,
      {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        details: error.details,
        cause: error,
      },
    )
  }
}

async function added(context: SiteContext, names: readonly DomainName[]) {
  const { store, site } = context
  const [name = site.name, partner] = names
  const domains = await store.domains.listOf(site.id)
  const target = redirectsOf(domains).get(name)
  const domain = domains.find((each) => each.name === name)
  const said =
    target === undefined
      ? `${site.name} answers to ${shownName(name)} as well`
      : `${shownName(name)} redirects to ${shownName(target)}`
  const data = {
    name,
    role: domain?.role,
    redirectsTo: target ?? null,
    url: (await primaryAddresses(site, context))[0],
    partner: partner ?? null,
  }
  return done(
    data,
    partner === undefined ? said : `${said}; ${partner} redirects there`,
    await nextSteps(context, names),
  )
}
