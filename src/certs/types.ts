// What the rest of the platform asks of certificates, and what certificates ask of the edge. A name is a host name as in the domains
// table, or `*.` and one.
import type { CertificateSource } from '../store/schema.ts'

/** `waiting`: no certificate yet, and nothing to do but to wait or to do what `reason` says. `failing`: one serves, and its renewal fails. */
export type CertificateState = 'serving' | 'waiting' | 'failing'

/** `local`: made by the platform's own CA in a trial run. */
export type { CertificateSource } from '../store/schema.ts'

/** How one name of a site stands. */
export interface CertificateStatus {
  readonly name: string
  readonly state: CertificateState
  /** Undefined while no certificate serves the name. */
  readonly certificate?: CertificateFacts
  /** With `waiting` and `failing`: one sentence that says why, and the record to set where one helps. */
  readonly reason?: string
  readonly record?: string
  /** When it is tried or renewed next. */
  readonly nextTryAt?: Date
}

export interface CertificateFacts {
  readonly id: string
  readonly source: CertificateSource
  readonly names: readonly string[]
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/** What the doctor found. `blocking`: an order would fail; else it is worth knowing. */
export interface Finding {
  readonly severity: 'ok' | 'note' | 'blocking'
  /** One plain sentence. */
  readonly sentence: string
  /** The record to set, as in a zone file: `example.org. A 203.0.113.5`. */
  readonly record?: string
}

/** A certificate made elsewhere, checked by its owner (chain, key, names, dates). */
export interface CertificateParts {
  /** The leaf first, then its chain; PEM. */
  readonly fullchain: string
  /** PKCS #8, PEM. */
  readonly privateKey: string
  readonly source: Exclude<CertificateSource, 'acme'>
}

export interface SiteOfName {
  readonly id: number
  readonly name: string
}

/** One object for all certificates of the platform; made once by platform.ts. */
export interface Certificates {
  /** A name that is to have a certificate: tried as soon as the doctor allows. One that it has already is kept. Idempotent. */
  want(site: SiteOfName, name: string): Promise<void>
  /** Not renewed and not served any more. Idempotent. */
  forget(name: string): Promise<void>
  /** The names of the platform itself, and from then on no others that belong to no site. Idempotent. */
  wantOwn(names: readonly string[]): Promise<void>
  of(site: Pick<SiteOfName, 'id'>): Promise<CertificateStatus[]>
  find(name: string): Promise<CertificateStatus | undefined>
  /** Orders now, whatever the plan says, within the CA's limits. Resolves when it serves. @throws HostingError with the reason when it could not */
  renew(name: string, signal?: AbortSignal): Promise<CertificateStatus>
  /** Asks the doctor now; places no order. What it finds mended is tried at once. */
  check(name: string, signal?: AbortSignal): Promise<Finding[]>
  /** Serves an own certificate for the site's names that it covers; an order for them is not placed any more. @returns those names */
  install(site: SiteOfName, parts: CertificateParts): Promise<string[]>
  /** Gives own certificates of these names up: ACME takes over; the uploaded one serves until then. */
  release(names: readonly string[]): Promise<void>
  /** Certificates that end before a time and are the business of people (uploaded ones, and those whose renewal fails). */
  expiringBefore(time: Date): Promise<ExpiringCertificate[]>
  /** A new key for the account with the CA. @returns the directory of that CA. @throws HostingError when it could not be told */
  rollOver(signal?: AbortSignal): Promise<string>
  start(): Promise<void>
  /** What is under way is finished at the next start. */
  stop(): Promise<void>
}

export interface ExpiringCertificate {
  readonly siteId: number
  readonly certificate: CertificateFacts
  /** `by-hand`: nobody but its owner does. `failing`: the platform tries to, in vain. */
  readonly renewal: 'by-hand' | 'failing'
  /** Of those it covers, the ones it serves and that this is true of. */
  readonly names: readonly string[]
}

/** src/edge/tls-tree.ts: which certificate a name is served with. */
export interface TlsTree {
  serve(domain: string, certificateId: string): Promise<void>
  withdraw(domain: string): Promise<void>
  /** The certificate of each name. */
  list(): Promise<Map<string, string>>
}

/** Where no ACME directory is configured: a CA of our own (src/certs/local-ca/). */
export interface LocalAuthority {
  readonly signsFor: (name: string) => boolean
  /** For names that it signs for. */
  issue(names: readonly string[]): Promise<CertificateParts>
}
