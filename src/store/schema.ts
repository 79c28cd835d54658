// The tables, as Kysely sees them. Times are ISO 8601 in UTC; ids are lib/id.ts's unless they are integers.
import type { Generated } from 'kysely'

export type Role = 'admin' | 'user'
export type GrantRole = 'read' | 'write'
export type SiteState = 'running' | 'stopped'
/** preparing → proven → live → retired → removed; or failed. `retired`: still there to roll back to; `removed`: its files are gone. */
export type ReleaseState = 'preparing' | 'proven' | 'live' | 'retired' | 'removed' | 'failed'
export type InstanceState = 'starting' | 'live' | 'draining'

export type CertificateSource = 'acme' | 'uploaded' | 'local'

/** `primary`: the one of its site that others are redirected to. `redirect`: answers with a redirect and nothing else. */
export type DomainRole = 'primary' | 'served' | 'redirect'

/** not-started: its container could not be started. interrupted: the platform, the site or its destruction put an end to it. */
export type CronResult = 'done' | 'failed' | 'timeout' | 'interrupted' | 'not-started'

/** What a token may do on its sites. */
export type TokenRight = 'read' | 'write'

export interface Tables {
  accounts: {
    id: Generated<number>
    name: string
    role: Role
    /** Where warnings go. */
    mail: string | null
    created_at: string
  }
  keys: {
    fingerprint: string
    account_id: number
    /** `ssh-ed25519 AAAA…`, without a comment */
    public_key: string
    comment: string
    created_at: string
    last_used_at: string | null
  }
  /** Of accounts that have one. The hash is a PHC string (lib/argon2.ts). */
  passwords: { account_id: number; hash: string; changed_at: string; last_used_at: string | null }
  /** App tokens: SHA-256 of each, in base64url. */
  tokens: {
    /** What people call it; no secret. */
    id: string
    account_id: number
    hash: string
    comment: string
    may: TokenRight
    /** 1: for all sites of its account, else for those of token_sites. */
    all_sites: number
    created_at: string
    /** Null: never. */
    expires_at: string | null
    last_used_at: string | null
  }
  token_sites: { token_id: string; site_id: number }
  /** Wrong passwords since the last right one, by account and by address. Names need not be of accounts that exist. */
  login_failures: {
    kind: 'account' | 'address'
    name: string
    failures: number
    last_at: string
    /** Where the last one came from. */
    last_address: string
    last_door: string
    blocked_until: string | null
  }
  /** What is in lfs/<site>/ whole: the file first, then its row; the other way round when it goes. `wanted_at`: when a push last needed it. */
  lfs_objects: { site_id: number; oid: string; size: number; wanted_at: string }
  sites: {
    id: Generated<number>
    name: string
    owner_id: number
    branch: string
    state: SiteState
    live_release_id: string | null
    live_instance_id: string | null
    /** 1: visitors get the maintenance page. */
    maintenance: Generated<number>
    /** 1: browsers are told to use nothing but HTTPS. */
    hsts: Generated<number>
    created_at: string
  }
  domains: {
    /** A host name, or `*.` and one. */
    name: string
    site_id: number
    role: Generated<DomainRole>
    /** With `redirect`: another name of the site. Null: its primary one. */
    redirects_to: string | null
    created_at: string
  }
  /** Who may take names below a domain of somebody else. */
  consents: { domain: string; account_id: number; created_at: string }
  /** Names of destroyed sites that nobody but their former owner may take for a while. */
  kept_names: { name: string; account_id: number; until: string }
  /** Who may see a protected site. The hash is one of crypt(5). */
  site_passwords: { site_id: number; user: string; hash: string; created_at: string }
  /** Warnings that a certificate ends, one a threshold. */
  expiry_warnings: { certificate_id: string; days: number; sent_at: string }
  grants: { site_id: number; account_id: number; role: GrantRole; created_at: string }
  releases: {
    id: string
    site_id: number
    number: number
    commit: string
    subject: string
    buildpack: string | null
    account_id: number | null
    state: ReleaseState
    /** Why it failed, as one line. */
    reason: string | null
    /** Directory under releases/<site>/ that it runs from: its own id, or that of the release it rolls back to. */
    directory: string
    /** Set when made by a rollback: the number of the release it repeats. */
    rollback_of: number | null
    /** JSON: { step: milliseconds } */
    timings: string
    created_at: string
    live_at: string | null
  }
  /** Variables that owners set; their values as lib/sealing.ts seals them. */
  environment: { site_id: number; name: string; sealed: string; updated_at: string }
  /** A site's database and its account, which bear the same name. */
  databases: {
    name: string
    /** Null: its site is gone, or gave it up; it is to be removed from the server. */
    site_id: number | null
    /** `making`: from before the first statement until the last one. */
    state: 'making' | 'ready'
    /** Both as lib/sealing.ts seals them. The former one holds until the instances that use it have ended. */
    password: string
    former_password: string | null
    rotated_at: string | null
    /** The limit that its account was given. */
    max_connections: number
    /** A restore under way. `loading` is undone at start-up, `swapping` finished. */
    restore_id: string | null
    restore_step: 'loading' | 'swapping' | null
    created_at: string
  }
  instances: { id: string; site_id: number; release_id: string; state: InstanceState; created_at: string }
  /** Processes beside the web server of live releases. */
  workers: {
    /** Also that of its container. */
    id: string
    site_id: number
    /** Its name in the Procfile. */
    name: string
    /** The live instance that it was started beside: another one there means that it is to be replaced. */
    instance_id: string
    started_at: string | null
    ended_at: string | null
    /** Null: still running, never started, or ended unseen. */
    exit_code: number | null
    /** Short runs in a row. */
    failures: number
    /** When it is to be started again; set while it does not run. */
    next_at: string | null
  }
  /** The last run of each cron entry. */
  cron_runs: {
    site_id: number
    schedule: string
    command: string
    started_at: string
    ended_at: string | null
    result: CronResult | null
    /** With `failed`. */
    exit_code: number | null
  }
  /** Accounts with ACME servers, one a directory. */
  acme_accounts: {
    directory: string
    /** Null until the server has confirmed it. */
    url: string | null
    /** As lib/sealing.ts seals it; `next_key` while a change of keys is under way. */
    key: string
    next_key: string | null
    created_at: string
  }
  certificates: {
    /** Also the name of its directory. */
    id: string
    /** Null: a certificate of the platform itself (its base domain's wildcard). */
    site_id: number | null
    source: CertificateSource
    /** JSON: the names it is for */
    names: string
    issuer: string
    not_before: string
    not_after: string
    /** Its id for renewal information (RFC 9773, 4.1). Null: not of a CA that has it. */
    ari_id: string | null
    created_at: string
  }
  /** Names that are to be served with a certificate. */
  wanted_names: {
    name: string
    site_id: number | null
    /** That serves it. */
    certificate_id: string | null
    /** Why it has none, or why its renewal failed. */
    reason: string | null
    record: string | null
    /** In a row. */
    failures: number
    /** 1: its own validation failed; it is ordered alone until one succeeds. */
    apart: number
    /** When to look at it again. Null: never by itself (an uploaded one serves it). */
    next_at: string | null
    /** When its certificate is to be renewed. */
    renew_at: string | null
    created_at: string
  }
  /** An order under way: what start-up must finish or undo. */
  acme_orders: {
    id: string
    site_id: number | null
    directory: string
    /** What was begun last. */
    step: 'planned' | 'placed' | 'challenged' | 'finalized' | 'stored'
    names: string
    url: string | null
    /** Of the certificate, sealed. */
    key: string
    certificate_id: string
    /** The certificate that it replaces, by its id for renewal information. */
    replaces: string | null
    /** JSON: what was published for the challenges, to be taken back. */
    published: string
    created_at: string
  }
  /** Names whose addresses the platform has set in its zone, until they are removed there. */
  dns_names: { name: string; created_at: string }
  /** What counts against the limits of a CA. */
  acme_events: {
    id: Generated<number>
    kind: 'order' | 'certificate' | 'same-names' | 'failed-validation'
    /** A directory, a registered domain, a set of names, a host name. */
    subject: string
    /** Of what counts only if its order succeeds. */
    order_id: string | null
    at: string
  }
  /** A deploy under way: what start-up must finish or undo. */
  jobs: {
    id: string
    site_id: number
    kind: 'push' | 'rollback' | 'environment'
    step: string
    release_id: string
    instance_id: string | null
    /** Process group of the `git receive-pack` that waits for the verdict. */
    git_pid: number | null
    created_at: string
  }
}
