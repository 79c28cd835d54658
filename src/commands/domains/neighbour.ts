// The account that an owner lets take names below a domain: what domains:allow and domains:disallow are told.
import { z } from 'zod'
import { getAccount } from '../../access/accounts.ts'
import { type DomainName, parseDomain } from '../../names/domain-name.ts'
import type { Account } from '../../store/accounts.ts'
import type { SiteContext } from '../command.ts'
import { getDomain } from './get-domain.ts'

export const neighbourArguments = [
  { name: 'domain', description: 'one of those that domains lists' },
  { name: 'account', description: 'its name' },
]

export const neighbourInput = z.object({ domain: z.string(), account: z.string() })

/** @throws HostingError not-found when the site has no such domain, or nobody that name */
export async function readNeighbour(
  { store, site, config }: SiteContext,
  input: z.infer<typeof neighbourInput>,
): Promise<{ name: DomainName; account: Account }> {
  const name = parseDomain(input.domain, config['base-domain'])
  await getDomain(store, site, name)
  return { name, account: await getAccount(store, input.account) }
}
