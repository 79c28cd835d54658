// The other half of a pair: `www.example.org` of `example.org`, and the other way round.
import { HostingError } from '../../errors/hosting-error.ts'
import { type DomainName, isWildcard } from '../../names/domain-name.ts'
import { type HostName, hostNameSchema, parseHostName } from '../../names/host-name.ts'
import { publicSuffixes } from '../../names/public-suffix.ts'

/** @throws HostingError usage for a wildcard, which has none; invalid-name when the pair would be too long */
export function partnerOf(name: DomainName): HostName {
  if (isWildcard(name))
    throw new HostingError('usage', `${name} stands for www as well, so --www has nothing to add`, {
      hint: 'Leave out --www.',
    })
  return parseHostName(otherHalf(name))
}

/** The partner that people type as well: of what somebody has registered, or of `www.` before it. Undefined for other names. */
export function expectedPartner(name: DomainName): HostName | undefined {
  const registered = publicSuffixes().registrable(name)
  if (registered === undefined || (name !== registered && name !== `www.${registered}`)) return undefined
  // `www.co.uk` is no pair's half, and `www.` before a long name is too long.
  const partner = hostNameSchema.safeParse(otherHalf(name))
  return partner.success && !publicSuffixes().has(partner.data) ? partner.data : undefined
}

function otherHalf(name: string): string {
  return name.startsWith('www.') ? name.slice('www.'.length) : `www.${name}`
}
