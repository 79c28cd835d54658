// The tables' history. A migration that has been released is never changed; a new one is added below.
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      `CREATE TABLE accounts (
         id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL CHECK (role IN ('admin','user')), created_at TEXT NOT NULL) STRICT`,
      `CREATE TABLE keys (
         fingerprint TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
         public_key TEXT NOT NULL, comment TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT) STRICT`,
      // AUTOINCREMENT: a site's uid comes from its id, so an id must never be given out twice.
      `CREATE TABLE sites (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, owner_id INTEGER NOT NULL REFERENCES accounts,
         branch TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('running','stopped')),
         live_release_id TEXT REFERENCES releases ON DELETE SET NULL, live_instance_id TEXT, created_at TEXT NOT NULL) STRICT`,
      `CREATE INDEX sites_owner ON sites (owner_id)`,
      `CREATE TABLE domains (
         name TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, created_at TEXT NOT NULL) STRICT`,
      `CREATE INDEX domains_site ON domains (site_id)`,
      `CREATE TABLE grants (
         site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
         role TEXT NOT NULL CHECK (role IN ('read','write')), created_at TEXT NOT NULL, PRIMARY KEY (site_id, account_id)) STRICT`,
      `CREATE INDEX grants_account ON grants (account_id)`,
      `CREATE TABLE releases (
         id TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, number INTEGER NOT NULL,
         "commit" TEXT NOT NULL, subject TEXT NOT NULL, buildpack TEXT, account_id INTEGER REFERENCES accounts ON DELETE SET NULL,
         state TEXT NOT NULL CHECK (state IN ('preparing','proven','live','retired','removed','failed')), reason TEXT, directory TEXT NOT NULL,
         rollback_of INTEGER, timings TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL, live_at TEXT, UNIQUE (site_id, number)) STRICT`,
      `CREATE TABLE instances (
         id TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE,
         release_id TEXT NOT NULL REFERENCES releases ON DELETE CASCADE,
         state TEXT NOT NULL CHECK (state IN ('starting','live','draining')), created_at TEXT NOT NULL) STRICT`,
      `CREATE INDEX instances_site ON instances (site_id)`,
      `CREATE TABLE jobs (
         id TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, kind TEXT NOT NULL, step TEXT NOT NULL,
         release_id TEXT NOT NULL REFERENCES releases ON DELETE CASCADE, instance_id TEXT, git_pid INTEGER, created_at TEXT NOT NULL) STRICT`,
    ]) {
      await sql.raw(statement).execute(db)
    }
  },
}

const environment: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        `CREATE TABLE environment (
           site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, name TEXT NOT NULL, sealed TEXT NOT NULL,
           updated_at TEXT NOT NULL, PRIMARY KEY (site_id, name)) STRICT`,
      )
      .execute(db)
  },
}

const databases: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // SET NULL: what a site leaves behind on the server has to be removed there, so its row outlives the site's.
    await sql
      .raw(
        `CREATE TABLE databases (
           name TEXT PRIMARY KEY, site_id INTEGER UNIQUE REFERENCES sites ON DELETE SET NULL,
           state TEXT NOT NULL CHECK (state IN ('making','ready')), password TEXT NOT NULL, former_password TEXT, rotated_at TEXT,
           max_connections INTEGER NOT NULL, restore_id TEXT, restore_step TEXT CHECK (restore_step IN ('loading','swapping')),
           created_at TEXT NOT NULL) STRICT`,
      )
      .execute(db)
  },
}

const processes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      `CREATE TABLE workers (
         id TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, name TEXT NOT NULL, instance_id TEXT NOT NULL,
         started_at TEXT, ended_at TEXT, exit_code INTEGER, failures INTEGER NOT NULL, next_at TEXT, UNIQUE (site_id, name)) STRICT`,
      `CREATE TABLE cron_runs (
         site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, schedule TEXT NOT NULL, command TEXT NOT NULL, started_at TEXT NOT NULL,
         ended_at TEXT, result TEXT CHECK (result IN ('done','failed','timeout','interrupted','not-started')), exit_code INTEGER,
         PRIMARY KEY (site_id, schedule, command)) STRICT`,
    ]) {
      await sql.raw(statement).execute(db)
    }
  },
}

const certificates: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      `CREATE TABLE acme_accounts (
         directory TEXT PRIMARY KEY, url TEXT, key TEXT NOT NULL, next_key TEXT, created_at TEXT NOT NULL) STRICT`,
      `CREATE TABLE certificates (
         id TEXT PRIMARY KEY, site_id INTEGER REFERENCES sites ON DELETE CASCADE,
         source TEXT NOT NULL CHECK (source IN ('acme','uploaded','local')), names TEXT NOT NULL, issuer TEXT NOT NULL,
         not_before TEXT NOT NULL, not_after TEXT NOT NULL, ari_id TEXT, created_at TEXT NOT NULL) STRICT`,
      `CREATE INDEX certificates_site ON certificates (site_id)`,
      `CREATE INDEX certificates_end ON certificates (not_after)`,
      `CREATE TABLE wanted_names (
         name TEXT PRIMARY KEY, site_id INTEGER REFERENCES sites ON DELETE CASCADE,
         certificate_id TEXT REFERENCES certificates ON DELETE SET NULL, reason TEXT, record TEXT,
         failures INTEGER NOT NULL DEFAULT 0, apart INTEGER NOT NULL DEFAULT 0, next_at TEXT, renew_at TEXT, created_at TEXT NOT NULL) STRICT`,
      `CREATE INDEX wanted_names_site ON wanted_names (site_id)`,
      `CREATE INDEX wanted_names_certificate ON wanted_names (certificate_id)`,
      `CREATE INDEX wanted_names_next ON wanted_names (next_at)`,
      // SET NULL: what was published for a destroyed site has to be taken back, so the row outlives the site's.
      `CREATE TABLE acme_orders (
         id TEXT PRIMARY KEY, site_id INTEGER REFERENCES sites ON DELETE SET NULL, directory TEXT NOT NULL,
         step TEXT NOT NULL CHECK (step IN ('planned','placed','challenged','finalized','stored')), names TEXT NOT NULL, url TEXT,
         key TEXT NOT NULL, certificate_id TEXT NOT NULL, replaces TEXT, published TEXT NOT NULL, created_at TEXT NOT NULL) STRICT`,
      `CREATE TABLE dns_names (name TEXT PRIMARY KEY, created_at TEXT NOT NULL) STRICT`,
      `CREATE TABLE acme_events (
         id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, order_id TEXT, at TEXT NOT NULL) STRICT`,
      `CREATE INDEX acme_events_order ON acme_events (order_id)`,
      `CREATE INDEX acme_events_subject ON acme_events (kind, subject, at)`,
      `CREATE INDEX acme_events_at ON acme_events (at)`,
    ]) {
      await sql.raw(statement).execute(db)
    }
  },
}

const domains: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      `ALTER TABLE domains ADD COLUMN role TEXT NOT NULL DEFAULT 'served' CHECK (role IN ('primary','served','redirect'))`,
      // SET NULL: what led to a removed name leads to the primary one.
      `ALTER TABLE domains ADD COLUMN redirects_to TEXT REFERENCES domains ON DELETE SET NULL`,
      `UPDATE domains SET role = 'primary' WHERE name = (SELECT name FROM sites WHERE id = site_id)`,
      `CREATE UNIQUE INDEX domains_primary ON domains (site_id) WHERE role = 'primary'`,
      `CREATE INDEX domains_redirects ON domains (redirects_to) WHERE redirects_to IS NOT NULL`,
      `CREATE TABLE consents (
         domain TEXT NOT NULL REFERENCES domains ON DELETE CASCADE, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
         created_at TEXT NOT NULL, PRIMARY KEY (domain, account_id)) STRICT, WITHOUT ROWID`,
      `CREATE INDEX consents_account ON consents (account_id)`,
      `CREATE TABLE kept_names (
         name TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE, until TEXT NOT NULL) STRICT`,
      `CREATE INDEX kept_names_account ON kept_names (account_id)`,
      `ALTER TABLE sites ADD COLUMN maintenance INTEGER NOT NULL DEFAULT 0`,
      `ALTER TABLE sites ADD COLUMN hsts INTEGER NOT NULL DEFAULT 0`,
      `CREATE TABLE site_passwords (
         site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, user TEXT NOT NULL, hash TEXT NOT NULL, created_at TEXT NOT NULL,
         PRIMARY KEY (site_id, user)) STRICT, WITHOUT ROWID`,
      `ALTER TABLE accounts ADD COLUMN mail TEXT`,
      `CREATE TABLE expiry_warnings (
         certificate_id TEXT NOT NULL, days INTEGER NOT NULL, sent_at TEXT NOT NULL, PRIMARY KEY (certificate_id, days)) STRICT, WITHOUT ROWID`,
    ]) {
      await sql.raw(statement).execute(db)
    }
  },
}

const credentials: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      // What an account uploads lies under its number: the next account must not find it there.
      `CREATE TABLE account_numbers (last INTEGER NOT NULL) STRICT`,
      `INSERT INTO account_numbers SELECT coalesce(max(id), 0) FROM accounts`,
      `CREATE TRIGGER accounts_numbered AFTER INSERT ON accounts BEGIN UPDATE account_numbers SET last = max(last, NEW.id); END`,
      `CREATE TABLE passwords (
         account_id INTEGER PRIMARY KEY REFERENCES accounts ON DELETE CASCADE, hash TEXT NOT NULL, changed_at TEXT NOT NULL,
         last_used_at TEXT) STRICT`,
      `CREATE TABLE tokens (
         id TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE, hash TEXT NOT NULL UNIQUE,
         comment TEXT NOT NULL, may TEXT NOT NULL CHECK (may IN ('read','write')), all_sites INTEGER NOT NULL, created_at TEXT NOT NULL,
         expires_at TEXT, last_used_at TEXT) STRICT`,
      `CREATE INDEX tokens_account ON tokens (account_id)`,
      `CREATE TABLE token_sites (
         token_id TEXT NOT NULL REFERENCES tokens ON DELETE CASCADE, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE,
         PRIMARY KEY (token_id, site_id)) STRICT, WITHOUT ROWID`,
      `CREATE INDEX token_sites_site ON token_sites (site_id)`,
      // Not of accounts: names that nobody has are counted, too, or the answer would tell which exist.
      `CREATE TABLE login_failures (
         kind TEXT NOT NULL CHECK (kind IN ('account','address')), name TEXT NOT NULL, failures INTEGER NOT NULL, last_at TEXT NOT NULL,
         last_address TEXT NOT NULL, last_door TEXT NOT NULL, blocked_until TEXT, PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID`,
      `CREATE INDEX login_failures_last ON login_failures (last_at)`,
      `CREATE TABLE lfs_objects (
         site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, oid TEXT NOT NULL, size INTEGER NOT NULL, wanted_at TEXT NOT NULL,
         PRIMARY KEY (site_id, oid)) STRICT, WITHOUT ROWID`,
    ]) {
      await sql.raw(statement).execute(db)
    }
  },
}

export const migrations: Record<string, Migration> = {
  '001-first': first,
  '002-environment': environment,
  '003-databases': databases,
  '004-processes': processes,
  '040-certificates': certificates,
  '041-domains': domains,
  '050-credentials': credentials,
}
