// The addresses at which the world finds this server: as configured, or those of its network interfaces that are public.
import { networkInterfaces } from 'node:os'
import type { Config } from '../config/load.ts'
import { isPublicAddress } from './public-address.ts'

export interface OwnAddresses {
  readonly addresses: readonly string[]
  /** Said by whoever runs the server, who knows what routers do before it. */
  readonly configured: boolean
}

type Named = Pick<Config, 'public-addresses'>

/** As they are written, separated by commas or spaces: whether each is an address is looked at when the platform starts. */
export function configuredAddresses(config: Named): string[] {
  return config['public-addresses'].split(/[\s,]+/).filter((address) => address !== '')
}

export function ownAddresses(config: Named): OwnAddresses {
  const named = configuredAddresses(config)
  if (named.length > 0) return { addresses: named, configured: true }
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return { addresses: found.map(({ address }) => address).filter(isPublicAddress), configured: false }
}
