// Dynamic updates (RFC 2136) signed with TSIG (RFC 8945), by nsupdate: no library speaks it. Its input is lines, so nothing unparsed gets there.
import { isIP } from 'node:net'
import { z } from 'zod'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { exec } from '../../lib/exec.ts'
import type { Zone } from './records.ts'

/** As they stand in a zone: host names, wildcards, and labels with an underscore before them. */
const recordName = z
  .string()
  .regex(/^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?$/)
const txtValue = z.string().regex(/^[A-Za-z0-9_=.-]{1,255}$/)
const timeToLiveSeconds = 60
const timeoutMs = 15_000

/** Undefined where no server is configured. @throws HostingError invalid-config */
export function createZone(config: Config): Zone | undefined {
  if (config['dns-server'] === '') return undefined
  const name = config['dns-zone']
  if (name === '')
    throw incomplete('dns-server is set, and dns-zone is not', 'Set dns-zone to the zone that it serves.')
  const server = parseServer(config['dns-server'])
  const update = async (lines: readonly string[], signal: AbortSignal) => {
    const head = [`server ${server.address} ${server.port}`, `zone ${name}.`]
    await send([...head, ...lines, 'send', ''].join('\n'), config['dns-key-file'], signal)
  }
  return {
    name,
    server,
    addTxt: (owner, value, signal) =>
      update([`update add ${rr(owner)} ${timeToLiveSeconds} IN TXT "${txtValue.parse(value)}"`], signal),
    removeTxt: (owner, value, signal) =>
      update([`update delete ${rr(owner)} IN TXT "${txtValue.parse(value)}"`], signal),
    async replaceAddresses(owner, addresses, signal) {
      await update([...deletions(owner), ...additions(owner, addresses)], signal)
    },
    claimAddresses: (owner, addresses, signal) =>
      isMet(update([...without(owner, [...addressTypes, 'CNAME']), ...additions(owner, addresses)], signal)),
    hasAddresses: (owner, addresses, signal) => isMet(update(exactly(owner, addresses), signal)),
    removeAddresses: (owner, signal) => update(deletions(owner), signal),
  }
}

const addressTypes = ['A', 'AAAA'] as const

function deletions(owner: string): string[] {
  return addressTypes.map((type) => `update delete ${rr(owner)} IN ${type}`)
}

function additions(owner: string, addresses: readonly string[]): string[] {
  return addresses.map((address) => `update add ${rr(owner)} ${timeToLiveSeconds} IN ${typeOf(address)} ${address}`)
}

/** Prerequisites (RFC 2136, 2.4): no record of these types. */
function without(owner: string, types: readonly string[]): string[] {
  return types.map((type) => `prereq nxrrset ${rr(owner)} IN ${type}`)
}

/** Prerequisites: these addresses, and no others. */
function exactly(owner: string, addresses: readonly string[]): string[] {
  const there = addresses.map((address) => `prereq yxrrset ${rr(owner)} IN ${typeOf(address)} ${address}`)
  const types = new Set(addresses.map(typeOf))
  return [...there, ...without(owner, [...addressTypes.filter((type) => !types.has(type)), 'CNAME'])]
}

/** A prerequisite of an update that does not hold: nothing was changed. */
class Unmet extends Error {}

async function isMet(update: Promise<void>): Promise<boolean> {
  try {
    await update
    return true
  } catch (error) {
    if (error instanceof Unmet) return false
    throw error
  }
}

function rr(name: string): string {
  return `${recordName.parse(name)}.`
}

/** @throws TypeError when it is no address */
function typeOf(address: string): 'A' | 'AAAA' {
  const family = isIP(address)
  if (family === 0) throw new TypeError('not an IP address')
  return family === 4 ? 'A' : 'AAAA'
}

/** `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:5353` */
export function parseServer(text: string): { address: string; port: number } {
  const [, bracketed, plain, port = '53'] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:]+|[0-9a-fA-F:]+?))(?::(\d+))?$/.exec(text) ?? []
  const address = isIP(text) === 0 ? (bracketed ?? plain) : text
  if (address !== undefined && isIP(address) !== 0) return { address, port: isIP(text) === 0 ? Number(port) : 53 }
  throw incomplete(
    `dns-server ${text} is no IP address`,
    'Set it to one, with a port where it is not 53: 192.0.2.53:5353',
  )
}

async function send(script: string, keyFile: string, signal: AbortSignal): Promise<void> {
  const key = keyFile === '' ? [] : ['-k', keyFile]
  // -t: of its own; a server that says nothing is asked three times over.
  const { exitCode, stderr, stdout } = await exec('nsupdate', ['-t', '10', ...key], {
    input: script,
    signal,
    timeoutMs,
  })
  if (exitCode === 0) return
  if (/update failed: (YX|NX)(RRSET|DOMAIN)\b/.test(stderr + stdout)) throw new Unmet('a prerequisite does not hold')
  const said = (stderr || stdout).trim().split('\n').at(-1) ?? ''
  throw new HostingError(
    'unavailable',
    `The name server refused the update: ${said || `nsupdate ended with ${exitCode}`}`,
    {
      hint: 'Check dns-server, dns-zone and dns-key-file, and that the server allows this key to update the zone.',
    },
  )
}

function incomplete(message: string, hint: string): HostingError {
  return new HostingError('invalid-config', message, { hint })
}
