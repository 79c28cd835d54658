// What the parts of certs/ work with. Data only.
import type { Config } from '../config/load.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Sealing } from '../lib/sealing.ts'
import type { Store } from '../store/store.ts'
import type { AcmeServer } from './acme/server.ts'
import type { AuthorityTrouble } from './authority-trouble.ts'
import type { TokenFiles } from './challenges/http.ts'
import type { OwnAddresses } from '../access/own-addresses.ts'
import type { DnsRecords } from './dns/records.ts'
import type { Doctor } from './doctor/doctor.ts'
import type { CertificateFiles } from './files.ts'
import type { TlsDoor } from './handshake.ts'
import type { LocalAuthority, TlsTree } from './types.ts'

/** What the platform brings. */
export interface CertificatesOptions {
  readonly config: Config
  readonly store: Store
  readonly sealing: Sealing
  readonly clock: Clock
  readonly log: Log
  readonly tls: TlsTree
  /** Where the edge takes handshakes. Undefined: what it serves is not looked at. */
  readonly door?: TlsDoor | undefined
  readonly local?: LocalAuthority | undefined
  /** Of the edge's workers. */
  readonly groupId?: number | undefined
  /** Tests kill the process here. */
  readonly onStep?: (step: string) => void
}

export interface CertParts extends CertificatesOptions {
  readonly server: AcmeServer | undefined
  readonly doctor: Doctor
  readonly files: CertificateFiles
  readonly tokens: TokenFiles
  readonly records: DnsRecords
  readonly own: () => OwnAddresses
  readonly trouble: AuthorityTrouble
  /** Somebody asked for this try, before its time. */
  readonly isByHand?: boolean
}
