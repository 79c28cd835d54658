import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'

export const unprotect = siteCommand({
  name: 'unprotect',
  group: 'Visitors',
  summary: 'Let everybody see a site again',
  arguments: [{ name: 'user', description: 'take away this name only', optional: true }],
  examples: ['unprotect demo', 'unprotect demo anna'],
  permission: 'site:configure',
  input: z.object({ user: z.string().optional() }),
  run: async ({ store, site, deployments }, { user }) => {
    const users = (await store.sitePasswords.listOf(site.id)).map((each) => each.user)
    if (users.length === 0 || (user !== undefined && !users.includes(user)))
      throw new HostingError(
        'not-found',
        `${site.name} asks ${user === undefined ? 'nobody for a password' : `for no name ${user}`}`,
        {
          hint: `info ${site.name}   lists the names.`,
        },
      )
    await (user === undefined ? store.sitePasswords.removeAllOf(site.id) : store.sitePasswords.remove(site.id, user))
    await deployments.routeDomains(site)
    const left = user === undefined ? [] : users.filter((each) => each !== user)
    const said =
      left.length === 0 ? `${site.name} is open to everybody` : `${site.name} still asks for ${left.join(', ')}`
    return done({ name: site.name, users: left }, said)
  },
})
