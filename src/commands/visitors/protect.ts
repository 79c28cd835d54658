import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { ask, readInput } from '../ask.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import { flag } from '../inputs.ts'
import { done } from '../output/outcome.ts'
import { hashPassword } from './password-hash.ts'

export const protect = siteCommand({
  name: 'protect',
  group: 'Visitors',
  summary: 'Ask visitors of a site for a name and a password',
  description: `The password is asked for, or piped in; none means that one is made and shown once. Repeated, it adds a name or changes a password.
It goes over the network as it is: use it with HTTPS.`,
  arguments: [{ name: 'user', description: 'the name that visitors type (guest if left out)', optional: true }],
  options: [{ flags: '--generate', description: 'make a password without asking' }],
  examples: ['protect demo', 'protect demo anna --generate', 'protect demo anna < password.txt'],
  permission: 'site:configure',
  input: z.object({
    user: z
      .string()
      .regex(/^[A-Za-z0-9._@-]{1,64}$/, 'must be 1 to 64 letters, digits and . _ @ -')
      .default('guest'),
    generate: flag,
  }),
  run: async (context, { user, generate }) => {
    const { store, site, deployments } = context
    const typed = generate ? '' : await readPassword(context)
    const password = typed === '' ? randomBytes(12).toString('base64url') : typed
    await store.sitePasswords.put(site.id, user, await hashPassword(password))
    await deployments.routeDomains(site)
    const made = typed === '' ? { password } : {}
    return done({ name: site.name, user, ...made }, `${site.name} asks its visitors for a password`, [
      ...(typed === '' ? [`Name ${user}, password ${password}: shown this once.`] : []),
      `unprotect ${site.name}   lets everybody in again`,
    ])
  },
})

async function readPassword(context: SiteContext): Promise<string> {
  const typed =
    context.terminal === undefined
      ? await readInput(context, 'a password')
      : ((await ask(context, 'Password (empty: one is made): ')) ?? '')
  return typed.replace(/\r?\n$/, '')
}
