// Which addresses of this machine others can reach over the internet.
import { BlockList, isIPv6 } from 'node:net'

/** RFC 6890 and what followed: private, shared, loopback, link-local, documentation, multicast. */
const local = new BlockList()
for (const [address, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  local.addSubnet(address, bits, 'ipv4')

/** Of IPv6, 2000::/3 is all that was given out. */
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')

export function isPublicAddress(address: string): boolean {
  return isIPv6(address) ? global6.check(address, 'ipv6') : !local.check(address, 'ipv4')
}
