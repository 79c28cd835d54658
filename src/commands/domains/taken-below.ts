// What an account has taken below a domain of somebody else.
import { type DomainName, namesAbove, hostOf, readDomain } from '../../names/domain-name.ts'
import type { Account } from '../../store/accounts.ts'
import type { Store } from '../../store/store.ts'

export async function takenBelow(store: Store, domain: DomainName, account: Account): Promise<string[]> {
  const owned = (await store.sites.listFor(account.id)).filter(({ owner_id }) => owner_id === account.id)
  const names = await Promise.all(owned.map(({ id }) => store.domains.listOf(id)))
  return names
    .flat()
    .map(({ name }) => readDomain(name))
    .filter((name) => name !== domain && namesAbove(name).includes(hostOf(domain)))
}
