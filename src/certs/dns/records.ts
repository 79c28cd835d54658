// Who may change records of which names: the name server of the configuration for its zone, a hook for all other names.
import type { Config } from '../../config/load.ts'
import { createHook } from './hook.ts'
import { createZone } from './rfc2136.ts'

export interface TxtRecords {
  /** One value more: others of the same name stay (an apex and its wildcard have one each). Idempotent. */
  addTxt(name: string, value: string, signal: AbortSignal): Promise<void>
  removeTxt(name: string, value: string, signal: AbortSignal): Promise<void>
}

export interface Zone extends TxtRecords {
  readonly name: string
  /** Where it is asked whether a change is there already. */
  readonly server: { readonly address: string; readonly port: number }
  /** Of a name that the platform has set before: whatever is there gives way. */
  replaceAddresses(name: string, addresses: readonly string[], signal: AbortSignal): Promise<void>
  /** @returns false when the name has an address or an alias already: somebody else's, so nothing was changed */
  claimAddresses(name: string, addresses: readonly string[], signal: AbortSignal): Promise<boolean>
  /** Whether these are the addresses of the name, and the only ones. */
  hasAddresses(name: string, addresses: readonly string[], signal: AbortSignal): Promise<boolean>
  removeAddresses(name: string, signal: AbortSignal): Promise<void>
}

export interface DnsRecords {
  readonly zone: Zone | undefined
  /** Of the zone when the name lies there, else of the hook; undefined: nobody may. */
  txtFor(name: string): TxtRecords | undefined
  inZone(name: string): boolean
}

/** @throws HostingError invalid-config */
export function createDnsRecords(config: Config): DnsRecords {
  const zone = createZone(config)
  const hook = createHook(config)
  const inZone = (name: string) => zone !== undefined && isBelow(name.replace(/^\*\./, ''), zone.name)
  return { zone, inZone, txtFor: (name) => (inZone(name) ? zone : hook) }
}

function isBelow(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`)
}
