// The other half of a pair: `www.example.org` of `example.org`, and the other way round.
import { HostingError } from '../../errors/hosting-error.ts'
import { type DomainName, isWildcard } from '../../names/domain-name.ts'
import { type HostName, parseHostName } from '../../names/host-name.ts'

/** @throws HostingError usage for a wildcard, which has none; invalid-name when the pair would be too long */
export function partnerOf(name: DomainName): HostName {
  if (isWildcard(name))
    throw new HostingError('usage', `${name} stands for www as well, so --www has nothing to add`, {
      hint: 'Leave out --www.',
    })
  return parseHostName(name.startsWith('www.') ? name.slice('www.'.length) : `www.${name}`)
}
