// hsts:on and hsts:off.
import { HostingError } from '../../errors/hosting-error.ts'
import { type Command, siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const hstsOn: Command = siteCommand({
  name: 'hsts:on',
  group: 'Visitors',
  summary: 'Have browsers use nothing but HTTPS for a year',
  description: `Whoever has been there once can't reach the site by plain HTTP any more, nor past a certificate that has expired (RFC 6797). Taking it
back takes effect at each visitor's next visit by HTTPS only. It says nothing about names below.`,
  examples: ['hsts:on demo'],
  permission: 'site:configure',
  input: nothing,
  run: async ({ store, site, deployments, certificates }) => {
    if (!(await certificates.of(site)).some(({ certificate }) => certificate !== undefined))
      throw new HostingError('conflict', `${site.name} has no certificate yet, so there is no HTTPS to be kept to`, {
        hint: `certs ${site.name}   shows what it waits for.`,
      })
    await store.sites.update(site.id, { hsts: 1 })
    await deployments.routeDomains(site)
    return done({ name: site.name, hsts: true }, `Browsers keep to HTTPS for ${site.name} from their next visit on`, [
      'For a year from then on they refuse plain HTTP and certificates that are not valid.',
      `hsts:off ${site.name}   takes it back, visitor by visitor`,
    ])
  },
})

export const hstsOff: Command = siteCommand({
  name: 'hsts:off',
  group: 'Visitors',
  summary: 'Let browsers use plain HTTP again',
  description: 'From their next visit on.',
  examples: ['hsts:off demo'],
  permission: 'site:configure',
  input: nothing,
  run: async ({ store, site, deployments }) => {
    await store.sites.update(site.id, { hsts: 0 })
    await deployments.routeDomains(site)
    return done({ name: site.name, hsts: false }, `${site.name} tells browsers nothing about HTTPS any more`, [
      'Those that were told before remember it for up to a year.',
    ])
  },
})
