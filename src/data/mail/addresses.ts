// Addresses of envelopes: the sender that the platform chooses, and recipients as a log may show them.
import type { Config } from '../../config/load.ts'
import type { Site } from '../../store/sites.ts'

const maxLocalPart = 64
const shownRecipients = 3

/** Below a domain whose operator can let the relay send for it (SPF), and where somebody can read bounces. */
export function envelopeSender({ id, name }: Pick<Site, 'id' | 'name'>, config: Config): string {
  if (config['mail-from'] !== '') return config['mail-from']
  const domain = config['base-domain']
  const local = name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : name
  return `${local.length <= maxLocalPart ? local : `site-${id}`}@${domain}`
}

/** Who got it, for somebody who knows the addresses: others do not learn them from the log. */
export function shownAddresses(addresses: readonly string[]): string {
  const shown = addresses.slice(0, shownRecipients).map((address) => address.replace(/^(.).*@/s, '$1…@'))
  const more = addresses.length - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}
