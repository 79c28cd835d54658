// Who counts as one source of connections: an IPv4 address, or the /64 that one IPv6 subscriber has (RFC 6177).
import { isIPv4, isIPv6 } from 'node:net'

/** The address as people write it: IPv4 that came in on the dual-stack socket loses its `::ffff:` (RFC 4291, 2.5.5.2). */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return mapped ?? address
}

/** The key under which limits and penalties of an address are counted. */
export function sourceOf(address: string): string {
  const plain = plainAddress(address)
  if (isIPv4(plain) || !isIPv6(plain) || plain === '::1') return plain
  return `${firstGroups(plain).slice(0, 4).join(':')}::/64`
}

export function isLoopback(address: string): boolean {
  const plain = plainAddress(address)
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}

function firstGroups(address: string): string[] {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array<string>(zeros).fill('0'), ...right].map((group) =>
    group.toLowerCase().replace(/^0+(?=.)/, ''),
  )
}
