// Makes an app token. What it may do is said here and asked for in access/authorize.ts, each time that somebody comes with it.
import { z } from 'zod'
import { authorize, noSuchSite } from '../../access/authorize.ts'
import { addToken } from '../../access/tokens.ts'
import { parseSiteName } from '../../names/host-name.ts'
import type { Account } from '../../store/accounts.ts'
import type { Site } from '../../store/sites.ts'
import { command } from '../command.ts'
import { flag } from '../inputs.ts'
import { accountInput, accountOption, whose } from '../keys/whose.ts'
import type { CommandContext } from '../types.ts'

const dayMs = 24 * 3_600_000
const mostDays = 3650

export const tokensAdd = command({
  name: 'tokens:add',
  group: 'Passwords and tokens',
  summary: 'Make an app token: a password for one program',
  description:
    'For Git over HTTPS, and wherever a password is asked for. It is shown once. It reads and, with --write, changes the sources of sites, and no more.',
  arguments: [{ name: 'for', description: 'what it is for, as a reminder', optional: true, rest: true }],
  options: [
    {
      flags: '--site <site>',
      description: 'a site that it is for, once for each (all of yours if left out)',
      repeatable: true,
    },
    { flags: '--write', description: 'it may push and upload, too' },
    { flags: '--expires <time>', description: '12h, 90d or never (90d if left out)' },
    accountOption,
  ],
  examples: ['tokens:add --site example.org --write --expires 90d', "tokens:add 'the backup' --expires never"],
  permission: 'signed-in',
  input: z.object({
    for: z
      .array(z.string())
      .default([])
      .transform((words) => words.join(' ').slice(0, 80)),
    site: z.array(z.string()).optional(),
    write: flag,
    expires: z
      .string()
      .regex(/^(never|[1-9]\d{0,4}[hd])$/, 'must be a number of hours or days, such as 12h or 90d, or never')
      .refine((text) => lifetimeMs(text) <= mostDays * dayMs, `must be at most ${mostDays}d, or never`)
      .default('90d'),
    account: accountInput,
  }),
  run: async (context, input) => {
    const account = await whose(context, input.account)
    const may = input.write ? 'write' : 'read'
    const sites = input.site === undefined ? 'all' : await sitesOf(account, input.site, { ...context, may })
    const expiresAt =
      input.expires === 'never' ? undefined : new Date(context.clock.now().getTime() + lifetimeMs(input.expires))
    const { secret, token } = await addToken(context.store, { account, comment: input.for, may, sites, expiresAt })
    const what = `may ${may} ${sites === 'all' ? `all sites of ${account.name}` : sites.map(({ name }) => name).join(', ')}`
    return {
      data: { id: token.id, secret, may, sites: names(sites), expiresAt: token.expires_at },
      text: ({ colors }) => [
        secret,
        `${colors.green('✓')} Token ${token.id} ${what}${token.expires_at === null ? '' : ` until ${token.expires_at.slice(0, 10)}`}.`,
        '  It is shown this once: give it to the program now, where it asks for a password.',
      ],
    }
  },
})

function names(sites: 'all' | readonly Site[]): string[] | null {
  return sites === 'all' ? null : sites.map(({ name }) => name)
}

/** Those its account may see, or change, today. @throws HostingError not-found, forbidden */
async function sitesOf(
  account: Account,
  typed: readonly string[],
  { store, config, may }: Pick<CommandContext, 'store' | 'config'> & { may: 'read' | 'write' },
): Promise<Site[]> {
  const sites = new Map<number, Site>()
  for (const text of typed) {
    const name = parseSiteName(text, config['base-domain'])
    const site = await store.sites.find(name)
    if (site === undefined) throw noSuchSite(name)
    await authorize(store, account, { action: may === 'write' ? 'site:push' : 'site:read', site })
    sites.set(site.id, site)
  }
  return [...sites.values()]
}

function lifetimeMs(text: string): number {
  return text === 'never' ? 0 : Number.parseInt(text, 10) * (text.endsWith('h') ? 3_600_000 : dayMs)
}
