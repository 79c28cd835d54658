// What stands between a name and its certificate, found out before the CA is asked: an order that would fail is not placed.
import type { CaaRecord } from 'node:dns'
import { AcmeProblem, AcmeUnreachable } from '../acme/problem.ts'
import type { AcmeServer } from '../acme/server.ts'
import type { TokenFiles } from '../challenges/http.ts'
import { createLookups, type Found, type Lookups } from '../../access/lookups.ts'
import type { OwnAddresses } from '../../access/own-addresses.ts'
import type { DnsRecords } from '../dns/records.ts'
import type { Config } from '../../config/load.ts'
import type { Finding } from '../types.ts'
import { caaPath, judgeCaa } from './caa.ts'
import { leadsHere } from './leads-here.ts'

export interface Diagnosis {
  readonly findings: readonly Finding[]
  /** How the name can be proven. Undefined: it can't. */
  readonly method: 'http-01' | 'dns-01' | undefined
}

export interface Doctor {
  examine(name: string, signal: AbortSignal): Promise<Diagnosis>
}

export interface DoctorParts {
  readonly config: Config
  readonly server: AcmeServer | undefined
  readonly records: DnsRecords
  readonly tokens: TokenFiles
  readonly own: () => OwnAddresses
}

export function createDoctor({ config, server, records, tokens, own }: DoctorParts): Doctor {
  return {
    async examine(name, signal) {
      const lookups = createLookups({ config, zone: records.zone })
      const port = config['public-http-port']
      const [addresses, caa] = await Promise.all([
        leadsHere({ name: visitable(name), own: own(), lookups, tokens, port, signal }),
        authorityFindings(name, { lookups, server, signal }),
      ])
      return conclude(name, { addresses, caa, records })
    },
  }
}

/** Of a wildcard any name below it is as good as another. */
function visitable(name: string): string {
  return name.replace(/^\*\./, 'hosting-check.')
}

interface Evidence {
  readonly addresses: readonly Finding[]
  readonly caa: readonly Finding[]
  readonly records: DnsRecords
}

function conclude(name: string, { addresses, caa, records }: Evidence): Diagnosis {
  const canDns = records.txtFor(name) !== undefined
  const reached = !addresses.some(isBlocking)
  const byDns = name.startsWith('*.') || records.inZone(name) || (!reached && canDns)
  if (!byDns) return diagnosis([...addresses, ...caa], 'http-01')
  // Proven by a record, whatever its addresses say: those are only worth knowing.
  const findings = [...addresses.map(asNote), ...caa, ...(canDns ? [] : [needsDns(name)])]
  return diagnosis(findings, 'dns-01')
}

function diagnosis(findings: readonly Finding[], method: 'http-01' | 'dns-01'): Diagnosis {
  return { findings, method: findings.some(isBlocking) ? undefined : method }
}

function needsDns(name: string): Finding {
  return {
    severity: 'blocking',
    sentence: `A certificate for ${name} needs records that this server may set (dns-server and dns-zone, or dns-hook, in its configuration): add the names one by one instead, or upload a certificate.`,
  }
}

export function isBlocking({ severity }: Finding): boolean {
  return severity === 'blocking'
}

function asNote(finding: Finding): Finding {
  return isBlocking(finding) ? { ...finding, severity: 'note' } : finding
}

interface AuthorityQuestion {
  readonly lookups: Lookups
  readonly server: AcmeServer | undefined
  readonly signal: AbortSignal
}

async function authorityFindings(name: string, { lookups, server, signal }: AuthorityQuestion): Promise<Finding[]> {
  if (server === undefined) return []
  for (const at of caaPath(name)) {
    const found = await lookups.caa(at)
    const { records, failure } = found
    if (failure !== undefined) return blockedCaa(found)
    if (records.length > 0) return await judged(name, { at, records }, { server, signal })
  }
  return []
}

/** How the CA is named there only the CA knows. */
async function judged(
  name: string,
  found: { at: string; records: readonly CaaRecord[] },
  { server, signal }: { server: AcmeServer; signal: AbortSignal },
): Promise<Finding[]> {
  try {
    return judgeCaa({ name, ...found, identities: await server.identities(signal) })
  } catch (error) {
    if (!(error instanceof AcmeUnreachable || error instanceof AcmeProblem)) throw error
    return [{ severity: 'blocking', sentence: `${error.message}.` }]
  }
}

/** A CA that can't read them has to refuse (RFC 8659, 6; CA/Browser Forum BR 3.2.2.8). */
function blockedCaa({ failure = '' }: Found<unknown>): Finding[] {
  return [{ severity: 'blocking', sentence: `${failure} when asked for CAA records, so no certificate may be issued.` }]
}
