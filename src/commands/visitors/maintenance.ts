// maintenance:on and maintenance:off, which differ in one word.
import type { Command } from '../command.ts'
import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const maintenanceOn: Command = siteCommand({
  name: 'maintenance:on',
  group: 'Visitors',
  summary: 'Show visitors a maintenance page',
  description: `They get 503, which search engines take for what it is, and /maintenance.html of the release where it has one. Pushes, cron, run and
shell go on as usual.`,
  examples: ['maintenance:on demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ store, site, deployments }) => {
    await store.sites.update(site.id, { maintenance: 1 })
    await deployments.routeDomains(site)
    return done({ name: site.name, maintenance: true }, `Visitors of ${site.name} get a maintenance page`, [
      `maintenance:off ${site.name}   lets them in again`,
    ])
  },
})

export const maintenanceOff: Command = siteCommand({
  name: 'maintenance:off',
  group: 'Visitors',
  summary: 'Let visitors in again',
  examples: ['maintenance:off demo'],
  permission: 'site:operate',
  input: nothing,
  run: async ({ store, site, deployments }) => {
    await store.sites.update(site.id, { maintenance: 0 })
    await deployments.routeDomains(site)
    return done({ name: site.name, maintenance: false }, `${site.name} serves its visitors again`)
  },
})
