// The tables, as Kysely sees them. Times are ISO 8601 in UTC; ids are lib/id.ts's unless they are integers.
import type { Generated } from 'kysely'

export type Role = 'admin' | 'user'
export type GrantRole = 'read' | 'write'
export type SiteState = 'running' | 'stopped'
/** preparing → proven → live → retired → removed; or failed. `retired`: still there to roll back to; `removed`: its files are gone. */
export type ReleaseState = 'preparing' | 'proven' | 'live' | 'retired' | 'removed' | 'failed'
export type InstanceState = 'starting' | 'live' | 'draining'

/** not-started: its container could not be started. interrupted: the platform, the site or its destruction put an end to it. */
export type CronResult = 'done' | 'failed' | 'timeout' | 'interrupted' | 'not-started'

export interface Tables {
  accounts: { id: Generated<number>; name: string; role: Role; created_at: string }
  keys: {
    fingerprint: string
    account_id: number
    /** `ssh-ed25519 AAAA…`, without a comment */
    public_key: string
    comment: string
    created_at: string
    last_used_at: string | null
  }
  sites: {
    id: Generated<number>
    name: string
    owner_id: number
    branch: string
    state: SiteState
    live_release_id: string | null
    live_instance_id: string | null
    created_at: string
  }
  domains: { name: string; site_id: number; created_at: string }
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
