// The addresses at which the world finds this server: as configured, or those of its network interfaces that are public.
import { networkInterfaces } from 'node:os'
import { isPublicAddress } from '../../access/public-address.ts'
import type { Config } from '../../config/load.ts'

export interface OwnAddresses {
  readonly addresses: readonly string[]
  /** Said by whoever runs the server, who knows what routers do before it. */
  readonly configured: boolean
}

export function ownAddresses(config: Pick<Config, 'public-addresses'>): OwnAddresses {
  const named = config['public-addresses'].split(/[\s,]+/).filter((address) => address !== '')
  if (named.length > 0) return { addresses: named, configured: true }
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return { addresses: found.map(({ address }) => address).filter(isPublicAddress), configured: false }
}
